"""Published corpora: one file each, which knows its layout, its terms and its faults."""
