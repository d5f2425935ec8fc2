"""Video, sound and TextGrid files."""
