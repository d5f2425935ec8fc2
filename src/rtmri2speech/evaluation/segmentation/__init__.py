"""Contours and labels that were found in frames, compared with those that people traced."""
