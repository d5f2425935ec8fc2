"""Commands under ``analyze``."""
