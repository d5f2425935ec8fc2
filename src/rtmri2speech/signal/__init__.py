"""Signal definitions: the feature clock, the mel spectrogram, frames and the scaler."""
