"""Griffin-Lim inversion of a mel spectrogram, for quick listening during training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from rtmri2speech.arrays import Float32, Float64, Floating
from rtmri2speech.signal.features import FeatureConfig, mel_filterbank, transform_window

# Of the step towards consistency that each iteration adds (Perraudin et al. 2013, "A fast Griffin-Lim algorithm").
_MOMENTUM = 0.99


def griffin_lim(mel_db: Floating, config: FeatureConfig, iterations: int = 32) -> Float32:
    """Sound whose mel spectrogram is about the given one.

    The spectrum below each mel band is the smallest one that gives the band's power; phases are found by
    iteration from a fixed random start (Griffin & Lim 1984; Perraudin et al. 2013). The same input gives the same
    sound.

    Args:
        mel_db: shape (T, M), dB.
        config: its definition.
        iterations: of the search for phases.

    Returns:
        Shape (T * hop_length,), amplitude within -1 to 1.
    """
    power = 10.0 ** (np.asarray(mel_db, np.float64) / 10.0)
    magnitude = np.sqrt(np.clip(power @ np.linalg.pinv(mel_filterbank(config)).T, 0.0, None))
    rng = np.random.default_rng(0)
    phases = np.exp(2j * np.pi * rng.random(magnitude.shape))
    before = np.zeros_like(phases)
    for _ in range(iterations):
        consistent = _analyze(_synthesize(magnitude * phases, config), config)
        ahead = consistent + _MOMENTUM * (consistent - before)
        phases, before = ahead / np.maximum(np.abs(ahead), 1e-12), consistent
    padded = _synthesize(magnitude * phases, config)
    first = config.padding[0]
    emphasized = padded[first : first + len(mel_db) * config.hop_length]
    sound = lfilter([1.0], [1.0, -config.preemphasis], emphasized)
    return np.asarray(sound / max(1.0, float(np.abs(sound).max(initial=0.0))), np.float32)


def _synthesize(spectrum: NDArray[np.complexfloating], config: FeatureConfig) -> Float64:
    """The padded signal whose frames fit best, by least squares: (T, bins) to (n_fft + (T - 1) * hop,)."""
    window = transform_window(config)
    frames = np.fft.irfft(spectrum, config.n_fft) * window
    total = np.zeros(config.n_fft + (len(frames) - 1) * config.hop_length)
    weight = np.zeros_like(total)
    for index, frame in enumerate(frames):
        place = slice(index * config.hop_length, index * config.hop_length + config.n_fft)
        total[place] += frame
        weight[place] += window**2
    return total / np.maximum(weight, 1e-3)


def _analyze(padded: Float64, config: FeatureConfig) -> NDArray[np.complexfloating]:
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.n_fft)[:: config.hop_length]
    return np.asarray(np.fft.rfft(frames * transform_window(config)))
