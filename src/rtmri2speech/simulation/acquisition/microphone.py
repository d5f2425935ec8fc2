"""The sound as a microphone in the scanner's room gives it."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.media.audio import resample
from rtmri2speech.simulation.speaker.vocaltractlab import SAMPLE_RATE

# Brings the loudest syllables to about 0.8 of full scale; one constant, so that loudness stays comparable.
_GAIN = 2.6
# What is louder is turned down as a whole: clipping would change the spectrum and the noise's level below speech.
_CEILING = 0.98
# The room: digital silence would be a level that no microphone gives.
_ROOM_NOISE = 3e-4
# Root mean square of voiced speech, the reference of the scanner's level. One for all, as the scanner is equally loud
# whoever speaks: of the drawn speakers the men lie some 2 dB below, the women above.
_SPEECH_LEVEL = 0.13
# The gradient coils ring at these frequencies, Hz, for this long, s.
_RINGING_HZ = (350.0, 2600.0)
_RINGS = 14
_RINGING_SECONDS = (0.002, 0.008)


def record(
    sound: Float64,
    samples: int,
    sample_rate: int,
    rng: np.random.Generator,
    tr_seconds: float,
    frame_seconds: float,
    scanner_snr_db: float | None = None,
) -> Float32:
    """Sound at the lips to the recording.

    Args:
        sound: shape (M,), at VocalTractLab's sampling rate.
        samples: length of the result N; ``sound`` is cut or followed by silence.
        sample_rate: of the result, Hz.
        rng: source of the noises.
        tr_seconds: time between two excitations, at which the gradients repeat.
        frame_seconds: duration of a frame, after which their order repeats.
        scanner_snr_db: level of speech above the scanner's noise in dB; None for a silent scanner.

    Returns:
        Shape (N,), amplitude within -0.98 to 0.98.
    """
    resampled = resample(sound.astype(np.float32), SAMPLE_RATE, sample_rate)[:samples]
    result = np.zeros(samples)
    result[: len(resampled)] = _GAIN * resampled
    result += _ROOM_NOISE * rng.standard_normal(samples)
    if scanner_snr_db is not None:
        noise = _gradients(samples, sample_rate, rng, tr_seconds, frame_seconds)
        result += _SPEECH_LEVEL * 10.0 ** (-scanner_snr_db / 20.0) * noise
    peak = float(np.abs(result).max(initial=0.0))
    return np.asarray(result * min(1.0, _CEILING / max(peak, _CEILING)), np.float32)


def _gradients(
    samples: int, sample_rate: int, rng: np.random.Generator, tr_seconds: float, frame_seconds: float
) -> Float64:
    """Ringing coils, struck at every excitation with a strength that repeats with the frames; unit power, (N,)."""
    times = np.arange(int(0.05 * sample_rate)) / sample_rate
    ring = np.zeros(len(times))
    for _ in range(_RINGS):
        frequency, decay = np.exp(rng.uniform(*np.log(_RINGING_HZ))), rng.uniform(*_RINGING_SECONDS)
        ring += rng.normal() * np.exp(-times / decay) * np.sin(2.0 * np.pi * frequency * times)
    strikes = np.zeros(samples)
    when = np.arange(0.0, samples / sample_rate, tr_seconds)
    strength = 1.0 + 0.5 * np.sin(2.0 * np.pi * when / frame_seconds)
    np.add.at(strikes, np.minimum((when * sample_rate).astype(int), samples - 1), strength)
    noise = fftconvolve(strikes, ring)[:samples]
    return np.asarray(noise / max(float(noise.std()), 1e-12))
