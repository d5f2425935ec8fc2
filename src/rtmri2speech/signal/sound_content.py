"""What a sound holds: whether anything, and up to which frequency."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.signal.features import FeatureConfig

# Silence: nothing but the constant part is above this many steps of the format (16 bits: 60 dB below full scale),
# within limits: no microphone's speech is softer, and 8 bits have steps that can be heard.
_SILENT_STEPS = 32
_SOFTEST, _SOFT = 1e-5, 3e-3

# A band that ends: this far below the loudest part of the band of speech all the way up, after a cliff.
_NOTHING_DB, _CLIFF_DB, _FILLED_DB = 70.0, 25.0, 50.0
_CLIFF_HZ, _RESOLUTION_HZ = 400.0, 40.0
_LOWEST_END, _SPEECH_FROM = 2000.0, 300.0
_MAX_PIECES = 4096


def loudest_sample(samples: Float32) -> float:
    """Largest amplitude of samples (N,) without their constant part; a single sample has none."""
    if len(samples) == 1:
        return abs(float(samples[0]))
    mean = samples.mean(dtype=np.float64)
    return float(max(samples.max() - mean, mean - samples.min()))


def silence_below(resolution: float) -> float:
    """The largest amplitude that counts as silence in a format.

    Args:
        resolution: one step of it, where full scale is 1.
    """
    return min(_SOFT, max(_SOFTEST, _SILENT_STEPS * resolution))


def is_soft(amplitude: float) -> bool:
    """Whether a recording's largest sample is fifty decibels below full scale, or softer."""
    return amplitude < _SOFT


def end_of_band(samples: Float32, rate: int, top: float) -> float:
    """Frequency in Hz up to which a sound (N,) can fill features that end at ``top``.

    The sampling rate says so, or the spectrum: sound that was resampled from a lower rate, or came over a telephone.
    """
    return rate / 2 if rate / 2 < top else min(top, _cliff(samples, rate, top))


def first_empty_band(end: float, features: FeatureConfig) -> int | None:
    """The first mel band, counted from 1, that a sound leaves empty whose own band ends at ``end`` Hz, or None."""
    empty = np.flatnonzero(features.mel_centers() > end)
    return int(empty[0]) + 1 if len(empty) else None


def _cliff(samples: Float32, rate: int, top: float) -> float:
    """Frequency above which samples (N,) hold nothing up to ``top``, Hz; infinite where there is no such cliff."""
    level = _spectrum(samples, rate)
    if level is None:
        return float(np.inf)
    step = rate / 2 / (len(level) - 1)
    level = level[: int(top / step) + 1]
    speech = level[int(_SPEECH_FROM / step) :]
    loudest = float(speech.max())
    last = int(np.flatnonzero(level >= loudest - _NOTHING_DB)[-1])
    end, far = last * step, min(len(level) - 1, last + round(_CLIFF_HZ / step / 2))
    near = max(0, last - round(_CLIFF_HZ / step / 2))
    filled = np.median(level[int(_SPEECH_FROM / step) : near + 1]) if near * step > _SPEECH_FROM else -np.inf
    cliff = level[near] - level[far] >= _CLIFF_DB
    if _LOWEST_END <= end < 0.9 * top and cliff and filled >= loudest - _FILLED_DB:
        return end
    return float(np.inf)


def _spectrum(samples: Float32, rate: int) -> Float64 | None:
    """Mean power spectrum in dB of samples (N,), or None where there are too few."""
    size = 2 * round(rate / _RESOLUTION_HZ / 2)
    pieces = len(samples) // size
    if pieces < 4:
        return None
    stride = -(-pieces // _MAX_PIECES)
    blocks = samples[: pieces * size].reshape(-1, size)[::stride]
    power = np.square(np.abs(np.fft.rfft(blocks * np.blackman(size), axis=1))).mean(axis=0)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-30)))
