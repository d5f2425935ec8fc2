"""Noise taken off the sound of recordings, and what that does to it."""
