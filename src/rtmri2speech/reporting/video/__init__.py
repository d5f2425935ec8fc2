"""Videos to look at."""
