"""The dataset folder, and what training draws from it."""
