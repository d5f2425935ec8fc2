"""What the acoustic model looks at: maps, regions and masks."""
