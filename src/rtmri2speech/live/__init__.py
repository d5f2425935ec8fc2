"""Speech while the frames come: sources of frames, the streaming forms of the networks, sinks of sound."""
