"""Commands that measure the vocal tract."""
