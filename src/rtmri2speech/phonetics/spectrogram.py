"""The phoneticians' wide-band spectrogram."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import spectrogram

Floats = NDArray[np.float64]

# Praat's Gaussian window of 5 ms effective length, which is half of its whole one, and 6 dB an octave of pre-emphasis.
_WINDOW, _PREEMPHASIS = 0.005, 0.97
# Below any sound's level, so that silence has one.
_LEAST_POWER = 1e-20


def wide_band(wave: NDArray[np.floating], sample_rate: int, step: float) -> tuple[Floats, Floats, Floats]:
    """Level of a wave over frequency and time; its ends are continued with silence.

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        step: seconds from column to column, rounded to samples.

    Returns:
        Frequencies, shape (F,), Hz; the columns' centres, shape (T,), seconds, evenly spaced and reaching beyond both
        ends of the wave by half a window; levels, shape (F, T), dB of power for each Hz.
    """
    length = max(round(2.0 * _WINDOW * sample_rate), 8)
    hop = max(round(step * sample_rate), 1)
    emphasised = np.array(wave, np.float64)
    emphasised[1:] -= _PREEMPHASIS * emphasised[:-1]
    size = 2 ** math.ceil(math.log2(4 * length))
    hz, times, power = spectrogram(
        np.pad(emphasised, length), sample_rate, ("gaussian", length / 6.0), length, length - hop, nfft=size
    )
    return hz, times - length / sample_rate, 10.0 * np.log10(np.maximum(power, _LEAST_POWER))
