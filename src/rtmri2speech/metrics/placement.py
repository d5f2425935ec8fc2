"""Whether a synthesized wave lies where the recorded one does: in time and in level."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Floating

# Seconds of a frame of the envelopes, and how far they are moved against each other.
_STEP, _FARTHEST = 0.0025, 0.25
# What lies this far below the loudest frame does not count as a change of level, as share of the amplitude.
_SOFTEST = 1e-3

# Envelopes that correlate less than this at their best have no delay.
_LEAST_AGREEMENT = 0.5

_NAN = float("nan")


def placement(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """How late and how loud the synthesized wave is against the recorded one.

    Neither is an error of speech, but both spoil measures that compare moment by moment: a vocoder whose frames are
    placed otherwise, a file with another gain.

    Args:
        reference: the recorded wave, shape (N,).
        synthesized: the wave to compare with it, shape (M,).
        sample_rate: of both, Hz.

    Returns:
        ``lag_ms``: delay, up to 250 ms, at which the logarithms of the two amplitude envelopes (2.5 ms) correlate best,
        above 0 where the synthesized wave is late, NaN where no correlation reaches 0.5; ``level_db``: its root mean
        square by that of the recording. NaN where one is silent, the lag also where one is shorter than a second.
    """
    true, found = (_envelope(np.asarray(wave, np.float64), sample_rate) for wave in (reference, synthesized))
    measures = {"lag_ms": _NAN, "level_db": _NAN}
    if not (np.any(reference) and np.any(synthesized)):
        return measures
    powers = [float(np.mean(np.square(np.asarray(wave, np.float64)))) for wave in (synthesized, reference)]
    measures["level_db"] = float(10.0 * np.log10(powers[0] / powers[1]))
    if min(len(true), len(found)) * _STEP >= 1.0:
        reach = round(_FARTHEST / _STEP)
        lags = np.arange(-reach, reach + 1)
        agreements = [_agreement(true, found, int(lag)) for lag in lags]
        best = int(np.argmax(agreements))
        if agreements[best] >= _LEAST_AGREEMENT:
            measures["lag_ms"] = float(1000.0 * _STEP * lags[best])
    return measures


def _envelope(wave: Float64, sample_rate: int) -> Float64:
    """Logarithm of the amplitude of each frame, (T,)."""
    step = max(1, round(_STEP * sample_rate))
    frames = wave[: len(wave) // step * step].reshape(-1, step)
    amplitude = np.sqrt(np.mean(np.square(frames), axis=1)) if len(frames) else np.zeros(0)
    loudest = float(amplitude.max(initial=0.0))
    return np.asarray(np.log(np.maximum(amplitude, _SOFTEST * loudest + 1e-30)))


def _agreement(true: Float64, found: Float64, lag: int) -> float:
    """Correlation of the part that the envelopes share when the second is taken to be ``lag`` frames late."""
    one, other = true[max(0, -lag) :], found[max(0, lag) :]
    count = min(len(one), len(other))
    first, second = one[:count] - one[:count].mean(), other[:count] - other[:count].mean()
    spread = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.sum(first * second)) / spread if spread > 0 else 0.0
