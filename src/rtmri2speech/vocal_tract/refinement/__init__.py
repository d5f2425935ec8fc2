"""What is done with the probabilities of a frame: steady, clean, cut into parts, and judged."""
