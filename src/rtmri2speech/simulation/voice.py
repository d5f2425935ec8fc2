"""The schematic talker's sound: a pulse train through resonators (Klatt 1980, cascade branch)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

# Resonators above the two that move: frequency and bandwidth in Hz, male averages.
_HIGHER = ((2600.0, 120.0), (3500.0, 170.0))
_BANDWIDTHS = (70.0, 100.0)
# A glottal pulse falls by 12 dB an octave and the mouth radiates 6 dB an octave more at high
# frequencies: 6 dB an octave are left above this frequency.
_TILT_HZ = 250.0
# Harmonics end here, as a share of the sampling rate, so that none folds back.
_BAND_EDGE = 0.46
# Brings the loudest vowel to about half of full scale.
_GAIN = 0.028
# The room of a recording: digital silence would be a level that no microphone gives.
_ROOM_NOISE = 3e-4


def vocalise(
    formants: NDArray[np.float64],
    f0: NDArray[np.float64],
    loudness: NDArray[np.float64],
    sample_rate: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Make the sound.

    Args:
        formants: shape (N, 2), F1 and F2 at every sample, Hz.
        f0: shape (N,), Hz, also where there is no voice.
        loudness: shape (N,), 0 (silence) to 1.
        sample_rate: samples a second.
        rng: source of the room's noise.

    Returns:
        Shape (N,), amplitude within -1 to 1.
    """
    source = pulse_train(f0, sample_rate) * loudness
    decay = np.exp(-2.0 * np.pi * _TILT_HZ / sample_rate)
    sound = lfilter([1.0 - decay], [1.0, -decay], source)
    for frequency, bandwidth in _HIGHER:
        if frequency < _BAND_EDGE * sample_rate:
            gain, first, second = resonator(np.array([frequency]), bandwidth, sample_rate)
            sound = lfilter(gain, [1.0, -first[0], -second], sound)
    for index, bandwidth in enumerate(_BANDWIDTHS):
        sound = _moving_resonator(sound, formants[:, index], bandwidth, sample_rate)
    sound = _GAIN * sound + _ROOM_NOISE * rng.standard_normal(len(sound))
    return np.asarray(np.clip(sound, -1.0, 1.0), dtype=np.float32)


def pulse_train(f0: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Sum of cos(k phase) over the harmonics k below the band edge, shape (N,) in and out.

    The closed form of the sum (Dirichlet's kernel) costs the same for any number of harmonics. That
    number moves with F0; its fraction fades the topmost one in and out, so that nothing clicks.
    """
    phase = 2.0 * np.pi * np.mod(np.cumsum(f0) / sample_rate, 1.0)
    count = _BAND_EDGE * sample_rate / f0
    whole = np.floor(count)
    half = np.sin(phase / 2.0)
    near_zero = np.abs(half) < 1e-7
    kernel = np.sin((whole + 0.5) * phase) / np.where(near_zero, 1.0, 2.0 * half) - 0.5
    return np.where(near_zero, whole, kernel) + (count - whole) * np.cos((whole + 1.0) * phase)


def resonator(
    frequency: NDArray[np.float64], bandwidth: float, sample_rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Coefficients A, B, C of y[n] = A x[n] + B y[n-1] + C y[n-2] with unit gain at 0 Hz (Klatt 1980, eq. 1-2)."""
    second = -np.exp(-2.0 * np.pi * bandwidth / sample_rate)
    first = 2.0 * np.exp(-np.pi * bandwidth / sample_rate) * np.cos(2.0 * np.pi * frequency / sample_rate)
    return 1.0 - first - second, first, float(second)


def _moving_resonator(
    sound: NDArray[np.float64], frequency: NDArray[np.float64], bandwidth: float, sample_rate: int
) -> NDArray[np.float64]:
    gain, first, second = resonator(frequency, bandwidth, sample_rate)
    before = earlier = 0.0
    result = []
    # Coefficients that change with every sample have no vectorised form; plain floats are the fastest loop.
    for value, b in zip((gain * sound).tolist(), first.tolist(), strict=True):
        value += b * before + second * earlier
        before, earlier = value, before
        result.append(value)
    return np.array(result)
