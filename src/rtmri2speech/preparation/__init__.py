"""From recordings to a dataset."""
