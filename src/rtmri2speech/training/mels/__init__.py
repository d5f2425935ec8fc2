"""Mel spectrograms for fine-tuning the vocoder."""
