"""Whether maps are faithful to the model and agree with tube acoustics."""
