"""The vowels of recordings: where they are, their formants, their mean frames."""
