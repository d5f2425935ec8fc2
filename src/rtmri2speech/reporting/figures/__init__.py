"""Figures of results as files: of a folder of maps, and for publication."""
