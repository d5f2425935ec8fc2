"""The acoustic model that reads a measured vocal tract."""
