"""Modulation spectra: how much the spectral envelopes of two waves move, and how fast."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.metrics.mel_cepstral_distortion import (
    cepstral_features,
    cepstral_mel_db,
    mel_cepstrum,
)

# Seconds of a piece, of which half overlaps with the next one: 1.6 Hz from one modulation frequency to the next.
_PIECE_SECONDS = 0.64
# Modulation frequencies that count, Hz: syllables have 2 to 8, the fastest gestures some 25.
_FASTEST = 25.0
# Smallest power of a modulation, nepers squared: what rounding leaves of a constant.
_FLOOR = 1e-10

_NAN = float("nan")


def modulation_distance(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """Root mean square difference of two waves' modulation spectra, and the mean of the signed difference, dB.

    The modulation spectrum is the power spectrum over time of each mel-cepstral coefficient (Takamichi et al. 2016,
    "Postfilters to modify the modulation spectrum for statistical parametric speech synthesis", IEEE/ACM Trans. ASLP
    24, 755-767): coefficients 1 to 24 every 5 ms as of mel-cepstral distortion, less their mean, in Hann windows of
    0.64 s that overlap by half, whose powers are averaged, up to 25 Hz, in dB. No alignment is needed. Speech of a
    statistical model moves too little, and the bias says so.

    Args:
        reference: the recorded wave, shape (N,), amplitude about -1 to 1.
        synthesized: the wave to compare with it, shape (N,).
        sample_rate: of both, Hz.

    Returns:
        ``modulation_distance_db``, and ``modulation_bias_db``: below 0 where the synthesized wave moves less. NaN where
        a wave is silent or shorter than 0.64 s.
    """
    true, found = (_modulation_db(wave, sample_rate) for wave in (reference, synthesized))
    if true is None or found is None:
        return {"modulation_distance_db": _NAN, "modulation_bias_db": _NAN}
    difference = found - true
    return {
        "modulation_distance_db": float(np.sqrt(np.mean(np.square(difference)))),
        "modulation_bias_db": float(np.mean(difference)),
    }


def _modulation_db(wave: Floating, sample_rate: int) -> Float64 | None:
    """Powers of modulation frequencies above 0, shape (F, C), dB."""
    features = cepstral_features(sample_rate)
    rate = sample_rate / features.hop_length
    size = round(_PIECE_SECONDS * rate)
    if len(wave) < features.min_samples or not np.any(wave):
        return None
    cepstra = mel_cepstrum(cepstral_mel_db(wave, sample_rate))
    if len(cepstra) < size:
        return None
    pieces = np.lib.stride_tricks.sliding_window_view(cepstra, size, axis=0)[:: size // 2]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(size) + 0.5) / size)
    moving = pieces - pieces.mean(axis=-1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(moving * window, axis=-1)) ** 2 / np.sum(window**2)
    last = int(_FASTEST * size / rate)
    powers = np.maximum(spectrum.mean(axis=0)[:, 1 : last + 1], _FLOOR)
    return np.asarray(10.0 * np.log10(powers).T, np.float64)
