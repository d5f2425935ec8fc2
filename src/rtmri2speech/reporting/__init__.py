"""Figures, videos and the page."""
