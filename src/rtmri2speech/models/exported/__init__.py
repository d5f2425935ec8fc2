"""Networks run by a library that is faster than PyTorch on a CPU."""
