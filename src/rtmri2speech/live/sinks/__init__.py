"""Where sound goes: a loudspeaker, a sound file, a pipe."""
