"""Checkpoints of a vocoder training, compared."""
