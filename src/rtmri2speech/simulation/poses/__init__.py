"""Heads in many still positions, without sound: what a segmenter is trained on."""
