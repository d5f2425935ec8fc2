"""The scanner's noise in a sound: how loud it is, whether it was taken off, and taking it off."""
