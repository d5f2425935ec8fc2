"""Checkpoints of a vocoder compared."""
