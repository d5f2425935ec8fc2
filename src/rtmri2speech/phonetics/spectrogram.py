"""Wide-band (5 ms) spectrogram as in Praat."""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import spectrogram

from rtmri2speech.arrays import Float64, Floating

# Praat's Gaussian window of 5 ms effective length, half of its full one, and 6 dB per octave of pre-emphasis.
_WINDOW, _PREEMPHASIS = 0.005, 0.97
# Below any sound's power, so that silence has a finite level.
_LEAST_POWER = 1e-20


def wide_band(wave: Floating, sample_rate: int, step: float) -> tuple[Float64, Float64, Float64]:
    """Level of a wave over frequency and time; beyond its ends there is silence.

    Window and pre-emphasis are those of Praat's spectrograms (manual, "Sound: To Spectrogram..." and "Spectrogram:
    Paint..."): a Gaussian window of 5 ms effective length, whose bandwidth of 260 Hz resolves formants and not
    harmonics.

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        step: seconds from column to column, rounded to samples.

    Returns:
        Frequencies, shape (F,), Hz; the columns' centers, shape (T,), seconds, evenly spaced and reaching beyond both
        ends of the wave by half a window; levels, shape (F, T), dB of power per Hz.
    """
    length = max(round(2.0 * _WINDOW * sample_rate), 8)
    hop = max(round(step * sample_rate), 1)
    emphasized = np.array(wave, np.float64)
    emphasized[1:] -= _PREEMPHASIS * emphasized[:-1]
    size = 2 ** math.ceil(math.log2(4 * length))
    hz, times, power = spectrogram(
        np.pad(emphasized, length), sample_rate, ("gaussian", length / 6.0), length, length - hop, nfft=size
    )
    return hz, times - length / sample_rate, 10.0 * np.log10(np.maximum(power, _LEAST_POWER))
