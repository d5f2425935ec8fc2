"""Annotations of recordings: Praat's TextGrids in every spelling, tables of intervals, and whether they fit a sound."""
