"""What is measured of a tract, in files that other programs read."""
