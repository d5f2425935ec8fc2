"""Formants of a mel spectrogram: what the model predicts has no sound to measure them in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.signal.features import FeatureConfig

Floats = NDArray[np.float64]

MOST_FORMANTS = 4

# Points of the power spectrum from 0 to Nyquist: fewer Hz a point than any filter is wide.
_POINTS = 257
# Resonances below and above are the voice's fundamental, or the filterbank's edge; Hz.
_LOWEST, _MARGIN = 150.0, 150.0
# Wider ones shape the spectrum's slope. Filters are 115 Hz wide and more, so formants come out wide, too.
_WIDEST = 700.0
# Power below the loudest bin at which the spectrum is cut off, dB: what lies deeper is noise, and hard to fit.
_DEPTH = 60.0


def formants_of_mel(mel_db: NDArray[np.floating], features: FeatureConfig) -> Floats:
    """F1 to F4 of each frame by linear prediction, (T, M) in dB to (T, 4) in Hz, NaN where there are fewer.

    The mel power, a density because Slaney's filters are normalised by area, is interpolated in dB over frequency;
    its Fourier transform is the autocorrelation (Wiener and Khinchin), from which the predictor follows
    (Levinson and Durbin; Makhoul 1975), of two poles a kilohertz of bandwidth and two more. The mel's pre-emphasis has
    flattened the voice's slope already. With a high voice, whose harmonics the lowest filters tell apart, F1 leans
    towards a harmonic.
    """
    if len(mel_db) == 0:
        return np.full((0, MOST_FORMANTS), np.nan)
    order = 2 + round(features.sample_rate / 1000.0)
    correlation = _autocorrelation(np.asarray(mel_db, np.float64), features)
    return np.stack([_resonances(_predictor(row, order), features) for row in correlation])


def formant_in_band(
    formants: Floats, mel_db: NDArray[np.floating], low: float, high: float, features: FeatureConfig
) -> Floats:
    """The formant within a band, (T,), Hz: the loudest where there are several, NaN where there is none.

    Args:
        formants: (T, K), Hz, NaN where there is none.
        mel_db: (T, M), dB.
        low, high: the band, Hz.
        features: the mel definition.
    """
    centres = features.mel_centers()
    inside = (formants >= low) & (formants <= high)
    level = np.stack([np.interp(row, centres, mel) for row, mel in zip(np.nan_to_num(formants), mel_db, strict=True)])
    chosen = np.argmax(np.where(inside, level, -np.inf), axis=1)
    found = formants[np.arange(len(formants)), chosen]
    return np.where(inside.any(axis=1), found, np.nan)


def _autocorrelation(mel_db: Floats, features: FeatureConfig) -> Floats:
    places = np.linspace(0.0, features.nyquist, _POINTS)
    level = np.stack([np.interp(places, features.mel_centers(), row) for row in mel_db])
    level -= level.max(axis=1, keepdims=True)
    return np.fft.irfft(10.0 ** (np.maximum(level, -_DEPTH) / 10.0), axis=1)


def _predictor(correlation: Floats, order: int) -> Floats:
    """Coefficients 1, a_1 .. a_order of the whitening filter, by Levinson and Durbin's recursion."""
    a = np.zeros(order + 1)
    a[0] = 1.0
    error = correlation[0] * (1.0 + 1e-9)
    for n in range(1, order + 1):
        reflection = -(a[:n] @ correlation[n:0:-1]) / error
        a[1 : n + 1] += reflection * a[n - 1 :: -1][:n]
        error *= 1.0 - reflection**2
    return a


def _resonances(a: Floats, features: FeatureConfig) -> Floats:
    roots = np.roots(a)
    roots = roots[roots.imag > 0]
    hz = np.angle(roots) * features.sample_rate / (2.0 * np.pi)
    width = -np.log(np.abs(roots)) * features.sample_rate / np.pi
    kept = np.sort(hz[(width < _WIDEST) & (hz > _LOWEST) & (hz < features.nyquist - _MARGIN)])[:MOST_FORMANTS]
    return np.concatenate([kept, np.full(MOST_FORMANTS - len(kept), np.nan)])
