"""What every figure shares: style, fonts, the mel spectrogram, maps over the anatomy. Drawn without a display."""
