"""Steady noise, such as a scanner's, taken off a sound by a gain for each time and frequency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.signal.noise.short_time import hann, pieces_of, running_mean

# Long enough to part the lines of gradient noise, some 100 to 400 Hz apart, from the harmonics between them, short
# enough for vowels. 48 and 90 ms do as well, 32 ms less well (extended STOI, formants).
_WINDOW_SECONDS = 0.064
_STEPS = 4  # per window
# The floor of a band: this share of the time it is no louder, in means over so long, which keep moments in which the
# noise happens to be soft from being taken for the floor. A larger share takes speech for noise where a recording of
# two seconds has no pause. The factor makes up for what lies below the mean.
_QUIET_SHARE = 0.1
_FLOOR_SECONDS = 0.1
_FLOOR_FACTOR = 1.2
# Weight of the frame before in the estimate of the speech, as in Ephraim and Malah: without it single bins flicker
# ("musical noise").
_MEMORY = 0.98
# The least gain, -20 dB: an even rest of the noise, so that no band has holes and no frame is digital silence.
_LEAST_GAIN = 0.1
# Estimates of a floor that are kept, of long recordings.
_MOST = 4000
_SILENCE = 1e-20

Complex: TypeAlias = NDArray[np.complexfloating]


def reduce_steady_noise(samples: Float32, rate: int) -> Float32:
    """Take noise that goes on at one level, such as that of a scanner, off a sound.

    A Wiener filter whose gain is xi / (1 + xi), not below -20 dB. xi, the power of speech as a fraction of that of the
    noise, is estimated frame by frame as by Ephraim and Malah 1984, "Speech enhancement using a minimum mean-square
    error short-time spectral amplitude estimator", IEEE Trans. ASSP 32, 1109-1121, equation 51 (decision-directed; with
    Wiener's gain as in Scalart and Filho 1996, ICASSP, 629-632). The noise is not followed over time, because a scan
    repeats itself: in each band of 16 Hz it is 1.2 times the level below which a tenth of the recording lies,
    in means over 0.1 s. Phases stay, and so do times: nothing is shifted.

    Args:
        samples: shape (N,); the noise has to be there from beginning to end.
        rate: samples per second.

    Returns:
        Shape (N,).
    """
    step = max(1, round(_WINDOW_SECONDS * rate / _STEPS))
    size = _STEPS * step
    window = np.sqrt(hann(size))
    # Every sample is in as many windows as every other.
    padded = np.pad(samples, (size, size + step))
    floor = _floor(samples if len(samples) >= size else padded, rate, size, step, window)
    result = np.zeros(len(padded))
    at = 0
    for spectra in _filtered(padded, size, step, window, floor):
        for piece in np.fft.irfft(spectra, size, axis=1) * window:
            result[at : at + size] += piece
            at += step
    # The squares of the windows, Hann's, sum up to half of the steps per window.
    return np.asarray(result[size : size + len(samples)] / (_STEPS / 2), np.float32)


def _floor(samples: Float32, rate: int, size: int, step: int, window: Float64) -> Float64:
    """Power of the noise in each band, shape (size / 2 + 1,)."""
    pieces = (len(samples) - size) // step + 1
    count = min(pieces, max(1, round(_FLOOR_SECONDS * rate / step)))
    means = [
        running_mean(np.square(np.abs(np.fft.rfft(block * window, axis=1))), count)[:: max(1, pieces // _MOST)]
        for block in pieces_of(samples, size, step, count - 1)
        if len(block) >= count
    ]
    return np.asarray(_FLOOR_FACTOR * np.quantile(np.concatenate(means), _QUIET_SHARE, axis=0) + _SILENCE)


def _filtered(padded: Float32, size: int, step: int, window: Float64, floor: Float64) -> Iterator[Complex]:
    """Spectra of all pieces after the filter, block by block."""
    speech: Float64 | None = None
    for block in pieces_of(padded, size, step):
        spectra = np.fft.rfft(block * window, axis=1)
        for spectrum in spectra:
            ratio = np.square(np.abs(spectrum)) / floor
            now = np.maximum(ratio - 1.0, 0.0)
            estimate = now if speech is None else _MEMORY * speech + (1.0 - _MEMORY) * now
            gain = np.maximum(estimate / (1.0 + estimate), _LEAST_GAIN)
            speech = np.square(gain) * ratio
            spectrum *= gain
        yield spectra
