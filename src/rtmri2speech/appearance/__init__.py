"""The look of frames: everything by which recordings of the same tract differ from scanner to scanner, at random."""
