"""The model file, and checkpoints of other programs."""
