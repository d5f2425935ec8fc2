"""Speech from a video."""
