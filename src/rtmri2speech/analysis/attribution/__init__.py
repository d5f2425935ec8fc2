"""Maps: how a target depends on each place of the frame."""
