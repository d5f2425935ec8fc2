"""A folder of maps on disk: the one place that knows its files."""
