"""What moving an articulator does: to the frames, to the model's speech, to the tube, to the simulated speaker."""
