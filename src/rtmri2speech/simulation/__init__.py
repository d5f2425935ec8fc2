"""Simulated talkers: recordings whose articulation and formants are known."""
