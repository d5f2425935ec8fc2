"""Numbers of the reference configuration (docs/reference/memo.md), free of imports to keep ``--help`` fast."""

SAMPLE_RATE = 11413
"""Samples per second."""

N_FFT = 2048
"""Length of the Fourier transform in samples."""

WIN_LENGTH = 2048
"""Length of the Hann window in samples."""

HOP_LENGTH = 420
"""Samples per frame: one video frame at 27.17 frames per second."""

N_MELS = 64
"""Mel bands."""

PREEMPHASIS = 0.97
"""Coefficient of the pre-emphasis."""

REF_FRAMES = 4
"""Frames per window."""
