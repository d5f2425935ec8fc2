"""Work over many machines: the same jobs, files and results as on one."""
