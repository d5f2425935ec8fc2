"""Commands that make recordings and datasets, or look for what is wrong with them."""
