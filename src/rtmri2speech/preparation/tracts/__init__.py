"""Tracts of a dataset, measured and kept for the training of the tract model."""
