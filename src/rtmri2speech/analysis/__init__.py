"""What the acoustic model's predictions depend on, and how articulators move."""
