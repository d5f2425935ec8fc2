"""Understanding models and recordings: maps, regions, hidden articulators, movement, vowels."""
