"""What is made from the probabilities of a frame: steady, clean, cut into parts, and judged."""
