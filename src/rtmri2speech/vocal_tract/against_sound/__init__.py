"""Formants of the tube compared with those of the recording's own sound."""
