"""Files: video and sound, the dataset folder, tables, polygons, and where results come from."""
