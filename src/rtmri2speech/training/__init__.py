"""Training of the acoustic model and the vocoder."""
