"""What is made of the probabilities of a frame: steady, clean, cut into parts, and judged."""
