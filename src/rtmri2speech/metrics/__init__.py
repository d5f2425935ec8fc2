"""Measures of how close two sounds or spectrograms are."""
