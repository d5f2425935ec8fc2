"""By how much a program has made a sound late."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float32

LARGEST = 0.25
"""Seconds of delay, or of the opposite, that are looked for."""

# Of long sounds the loudest minute is enough.
_SECONDS = 60.0
# A peak that stands for the same sound; of two unlike sounds it is far below.
_ALIKE = 0.2


def delay_of(before: Float32, after: Float32, rate: int) -> float:
    """Seconds by which the second of two sounds is late, by the peak of their cross-correlation.

    Args:
        before: shape (N,).
        after: the same sound with something taken off, shape (N,).
        rate: samples per second.

    Returns:
        Negative where it is early; 0 where the two have too little in common (a correlation below .2).
    """
    count = min(len(before), round(_SECONDS * rate))
    start = _loudest(before, count)
    one, two = (np.asarray(wave[start : start + count], np.float64) for wave in (before, after))
    scale = float(np.sqrt(np.sum(one**2) * np.sum(two**2)))
    most = min(round(LARGEST * rate), count - 1)
    if scale == 0 or most < 1:
        return 0.0
    size = 1 << int(count + most).bit_length()
    crossed = np.fft.irfft(np.conj(np.fft.rfft(one, size)) * np.fft.rfft(two, size), size)
    near = np.concatenate([crossed[-most:], crossed[: most + 1]])
    peak = int(np.argmax(near))
    return 0.0 if near[peak] < _ALIKE * scale else (peak - most) / rate


def _loudest(samples: Float32, count: int) -> int:
    """Start of the loudest stretch of ``count`` samples, to within half of it."""
    starts = range(0, max(1, len(samples) - count + 1), max(1, count // 2))
    return max(starts, key=lambda start: float(np.sum(np.square(samples[start : start + count]))))
