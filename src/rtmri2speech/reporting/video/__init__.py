"""Videos: maps in slow motion, maps over the moving anatomy, hidden regions."""
