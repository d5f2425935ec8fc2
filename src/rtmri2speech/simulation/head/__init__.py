"""The head as drawn: articulators and what surrounds them."""
