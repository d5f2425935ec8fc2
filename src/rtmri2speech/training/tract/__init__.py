"""Training of the acoustic model that reads a measured tract."""
