"""Acoustic phonetics: formants, F0, vowels, labeled stretches."""
