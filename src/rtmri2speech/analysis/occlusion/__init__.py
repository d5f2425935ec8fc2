"""What changes when regions are hidden."""
