"""Formants of a mel spectrogram, for predicted spectra that have no sound to measure them in."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.signal.features import FeatureConfig

MOST_FORMANTS = 4

# Points of the power spectrum from 0 to Nyquist: closer together than any filter is wide.
_POINTS = 257
# Resonances below and above are the voice's fundamental, or the filterbank's edge; Hz.
_LOWEST, _MARGIN = 150.0, 150.0
# Wider ones shape the spectrum's slope. Filters are 115 Hz wide and more, so formants come out wide, too.
_WIDEST = 700.0
# Floor of the spectrum relative to its loudest bin, dB: what lies deeper is noise, and hard to fit.
_DEPTH = 60.0
_WHITE_NOISE = 1e-9


def formants_of_mel(mel_db: Floating, features: FeatureConfig) -> Float64:
    """F1 to F4 of each frame by linear prediction, (T, M) in dB to (T, 4) in Hz, NaN where there are fewer.

    The mel power, a density because Slaney's filters are normalized by area, is interpolated in dB over frequency;
    its Fourier transform is the autocorrelation (Wiener-Khinchin theorem), from which the predictor follows by the
    autocorrelation method (Makhoul 1975, "Linear prediction: a tutorial review", Proc. IEEE 63, 561-580). Its order
    is one pole pair per kilohertz of bandwidth and one more. The mel's pre-emphasis has flattened the voice's slope
    already. With a high voice, whose harmonics the lowest filters resolve, F1 is biased towards a harmonic.

    Args:
        mel_db: (T, M), dB.
        features: the mel definition.
    """
    if len(mel_db) == 0:
        return np.full((0, MOST_FORMANTS), np.nan)
    order = 2 + round(features.sample_rate / 1000.0)
    correlation = _autocorrelation(np.asarray(mel_db, np.float64), features)
    return np.stack([_resonances(_predictor(row, order), features) for row in correlation])


def formant_in_band(formants: Float64, mel_db: Floating, low: float, high: float, features: FeatureConfig) -> Float64:
    """The formant within a band, (T,), Hz: the loudest where there are several, NaN where there is none.

    Args:
        formants: (T, K), Hz, NaN where there is none.
        mel_db: (T, M), dB.
        low, high: the band, Hz.
        features: the mel definition.
    """
    centers = features.mel_centers()
    inside = (formants >= low) & (formants <= high)
    level = np.stack([np.interp(row, centers, mel) for row, mel in zip(np.nan_to_num(formants), mel_db, strict=True)])
    chosen = np.argmax(np.where(inside, level, -np.inf), axis=1)
    found = formants[np.arange(len(formants)), chosen]
    return np.where(inside.any(axis=1), found, np.nan)


def _autocorrelation(mel_db: Float64, features: FeatureConfig) -> Float64:
    places = np.linspace(0.0, features.nyquist, _POINTS)
    level = np.stack([np.interp(places, features.mel_centers(), row) for row in mel_db])
    level -= level.max(axis=1, keepdims=True)
    return np.fft.irfft(10.0 ** (np.maximum(level, -_DEPTH) / 10.0), axis=1)


def _predictor(correlation: Float64, order: int) -> Float64:
    """Coefficients 1, a_1 .. a_order of the whitening filter: the solution of the Yule-Walker equations."""
    column = correlation[:order].copy()
    # White noise 90 dB below the signal, so that a spectrum of few lines has a solution.
    column[0] *= 1.0 + _WHITE_NOISE
    return np.concatenate([[1.0], solve_toeplitz(column, -correlation[1 : order + 1])])


def _resonances(a: Float64, features: FeatureConfig) -> Float64:
    roots = np.roots(a)
    roots = roots[roots.imag > 0]
    hz = np.angle(roots) * features.sample_rate / (2.0 * np.pi)
    width = -np.log(np.abs(roots)) * features.sample_rate / np.pi
    kept = np.sort(hz[(width < _WIDEST) & (hz > _LOWEST) & (hz < features.nyquist - _MARGIN)])[:MOST_FORMANTS]
    return np.concatenate([kept, np.full(MOST_FORMANTS - len(kept), np.nan)])
