"""Movement: kymographs and the intensity of regions."""
