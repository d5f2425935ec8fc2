"""Commands that find articulators in frames, and measure how well."""
