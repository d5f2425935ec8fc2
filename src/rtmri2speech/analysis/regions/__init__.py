"""Articulators as regions of the frame."""
