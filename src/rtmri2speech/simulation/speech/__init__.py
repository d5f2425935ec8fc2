"""From a text to the movements of the articulators."""
