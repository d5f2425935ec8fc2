"""Models at work: frames to features, features to mel spectrogram, mel spectrogram to wave."""
