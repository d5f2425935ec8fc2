"""Mel-cepstral distortion: how far apart the spectral envelopes of two waves are, in dB."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.metrics.dtw import warp
from rtmri2speech.phonetics.remembered import remembered
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import DB_PER_NEPER, mel_db

ORDER = 24
"""Highest mel-cepstral coefficient that counts; coefficient 0, the level, does not."""

_BANDS = 40
_WINDOW_SECONDS, _STEP_SECONDS = 0.025, 0.005
# Farthest that frames may be shifted against each other by warping.
_WARP_SECONDS = 0.2
# A frame of the reference this far below its loudest one is silence, dB, as in STOI (Taal et al. 2011).
_SILENCE_DB = 40.0

_NAN = float("nan")


def cepstral_features(sample_rate: int) -> FeatureConfig:
    """The mel spectrogram that cepstra are computed from: 40 bands up to Nyquist, 25 ms Hann windows every 5 ms.

    The project's own has windows of 179 ms, which smear neighboring sounds.

    Args:
        sample_rate: Hz.
    """
    window = round(_WINDOW_SECONDS * sample_rate)
    return FeatureConfig(
        sample_rate=sample_rate,
        n_mels=_BANDS,
        n_fft=2 ** (window - 1).bit_length() * 2,
        win_length=window,
        hop_length=round(_STEP_SECONDS * sample_rate),
        preemphasis=0.0,
    )


@remembered(2)  # of a recording, and of the sound that it is compared with
def cepstral_mel_db(wave: Float64, sample_rate: int) -> Float64:
    """A wave's mel spectrogram as of :func:`cepstral_features`, shape (T, 40), dB; not to be changed.

    Args:
        wave: shape (N,), amplitude about -1 to 1.
        sample_rate: Hz.
    """
    return np.asarray(mel_db(wave, cepstral_features(sample_rate)), np.float64)


def mel_cepstrum(mel_power_db: Floating) -> Float64:
    """Mel-cepstral coefficients 1 to 24 of the amplitude spectrum, nepers.

    The logarithm of the amplitude over the mel axis, band m = 0 .. M - 1, is the sum over k of
    c_k cos(pi k (m + 1/2) / M): a type-II cosine transform, scaled as in Tokuda et al. 1994,
    "Mel-generalized cepstral analysis".

    Args:
        mel_power_db: shape (T, M), M > 24, dB.

    Returns:
        Shape (T, 24).

    Raises:
        ValueError: when there are too few bands.
    """
    bands = mel_power_db.shape[-1]
    if bands <= ORDER:
        raise ValueError(f"{bands} bands do not give {ORDER} coefficients.")
    orders = np.arange(1, ORDER + 1)
    cosines = np.cos(np.pi / bands * np.outer(np.arange(bands) + 0.5, orders))
    # dB are 20 / ln(10) of a neper of amplitude.
    coefficients: Float64 = np.asarray(mel_power_db, np.float64) @ cosines * (2.0 / bands * np.log(10.0) / 20.0)
    return coefficients


def cepstral_distance(reference: Float64, other: Float64) -> Float64:
    """Mel-cepstral distance of each pair of frames, dB: 10 / ln(10) sqrt(2 sum over k (c_k - c'_k)^2).

    Source: Kubichek 1993, "Mel-cepstral distance measure for objective speech quality assessment", in the form of
    Toda et al. 2007, "Voice conversion based on maximum-likelihood estimation of spectral parameter trajectory". It
    is the root mean square over the mel axis of the difference of the two log spectra, as far as the coefficients
    describe it and without the level.

    Args:
        reference: shape (T, C), nepers.
        other: shape (T, C), nepers.
    """
    distances: Float64 = DB_PER_NEPER * np.sqrt(2.0 * np.square(reference - other).sum(axis=-1))
    return distances


def mel_cepstral_distortion(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """Mean mel-cepstral distance over the frames with speech in the reference, frame by frame and after time warping.

    Frames in which the reference lies 40 dB or more below its loudest frame (mean power over the bands) do not count:
    level is not measured, and the spectrum of silence is that of its noise. Warping may shift by up to 0.2 s; its
    mean is over the pairs of the path whose reference frame has speech.

    Args:
        reference: the recorded wave, shape (N,), amplitude about -1 to 1.
        synthesized: the wave to compare with it; the longer one is cut at its end.
        sample_rate: of both, Hz.

    Returns:
        ``mcd_db`` and ``mcd_dtw_db``; NaN where the reference is silent or shorter than two windows.
    """
    features = cepstral_features(sample_rate)
    length = min(len(reference), len(synthesized))
    if length < features.min_samples or not np.any(reference[:length]):
        return {"mcd_db": _NAN, "mcd_dtw_db": _NAN}
    true, found = (cepstral_mel_db(wave[:length], sample_rate) for wave in (reference, synthesized))
    level = 10.0 * np.log10(np.mean(10.0 ** (true / 10.0), axis=1))
    speech = level > level.max() - _SILENCE_DB
    one, other = mel_cepstrum(true), mel_cepstrum(found)
    pairs, distances = warp(one, other, round(_WARP_SECONDS / _STEP_SECONDS))
    counts = speech[pairs[:, 0]]
    return {
        "mcd_db": float(cepstral_distance(one, other)[speech].mean()),
        "mcd_dtw_db": float(DB_PER_NEPER * np.sqrt(2.0) * distances[counts].mean()),
    }
