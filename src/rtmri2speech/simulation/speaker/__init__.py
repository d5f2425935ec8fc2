"""Anatomy, vowels and VocalTractLab's model of the speaker."""
