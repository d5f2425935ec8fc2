"""Speech by way of the measured tract: inputs of the network, its mel, and a pitch in place of its own."""
