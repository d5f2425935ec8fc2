"""What articulators do over time: gestures, vowels by vowels, speakers against each other."""
