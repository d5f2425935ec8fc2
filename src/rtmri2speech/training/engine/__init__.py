"""What both trainings run on: loop, checkpoints, run folder, processes."""
