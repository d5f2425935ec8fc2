"""The memo's numbers (section 1): the one place of them, free of imports so that ``--help`` answers at once."""

SAMPLE_RATE = 11413
"""Samples a second."""

N_FFT = 2048
"""Length of the Fourier transform in samples."""

WIN_LENGTH = 2048
"""Length of the Hann window in samples."""

HOP_LENGTH = 420
"""Samples a frame: one video frame at 27.17 frames a second."""

N_MELS = 64
"""Mel bands."""

PREEMPHASIS = 0.97
"""Coefficient of the pre-emphasis."""

REF_FRAMES = 4
"""Frames of a window."""
