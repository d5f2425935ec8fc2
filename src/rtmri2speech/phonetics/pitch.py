"""Fundamental frequency with Praat (extra ``phonetics``), and how far that of two waves differs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDEST_RANGE = (60.0, 700.0)
"""Hz: from a low man to a child, where nothing is known of the speaker (Hirst 2011)."""

# Seconds from frame to frame.
_STEP = 0.01
# Praat's autocorrelation looks at this many periods of the lowest frequency at a time.
_PERIODS = 3

_NAN = float("nan")


def pitch_errors(reference: Floats, synthesized: Floats, sample_rate: int) -> dict[str, float]:
    """Differences of fundamental frequency and voicing, over frames of 10 ms.

    Both are measured within one range, that of the two waves together (:func:`pitch_range`): narrow, so that
    octave errors of the measurement are rare, and yet not so narrow that a synthesis an octave too high would be
    taken for right, as it would within the reference's own range.

    Args:
        reference: the recorded wave, shape (N,).
        synthesized: the wave to judge, shape (N,).
        sample_rate: Hz.

    Returns:
        ``f0_rmse_hz`` and ``f0_rmse_cents``: root mean square over frames voiced in both, NaN where there are
        none; ``vuv_error``: share of all frames that are voiced in one wave only, NaN where the waves are too
        short for a frame. Empty where Praat (parselmouth) is not installed.
    """
    try:
        import parselmouth  # noqa: F401
    except ImportError:
        return {}
    lowest, highest = pitch_range([reference, synthesized], sample_rate)
    true, found = (pitch_track(wave, sample_rate, lowest, highest) for wave in (reference, synthesized))
    both = (true > 0) & (found > 0)
    hz = cents = _NAN
    if both.any():
        hz = _rms(found[both] - true[both])
        cents = _rms(1200.0 * np.log2(found[both] / true[both]))
    unlike = float(np.mean((true > 0) != (found > 0))) if len(true) else _NAN
    return {"f0_rmse_hz": hz, "f0_rmse_cents": cents, "vuv_error": unlike}


def pitch_range(waves: list[Floats], sample_rate: int) -> tuple[float, float]:
    """Where to look for the fundamental frequency: the lowest and the highest frequency that any wave needs, Hz.

    A first pass over :data:`WIDEST_RANGE` gives the quartiles of each wave; the range runs from three quarters of
    the lower one to one and a half times the upper one (De Looze & Hirst 2008; Hirst 2011, "The analysis by
    synthesis of speech melody"). Without any voice it is the widest range. It ends at Nyquist at the latest.

    Args:
        waves: each of shape (N,).
        sample_rate: Hz.

    Raises:
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    lows, highs = [], []
    lowest, highest = WIDEST_RANGE[0], min(WIDEST_RANGE[1], sample_rate / 2)
    for wave in waves:
        track = pitch_track(wave, sample_rate, lowest, highest)
        voiced = track[track > 0]
        if len(voiced):
            lower, upper = np.percentile(voiced, [25, 75])
            lows.append(0.75 * float(lower))
            highs.append(1.5 * float(upper))
    return (min(lows), min(max(highs), sample_rate / 2)) if lows else (lowest, highest)


def pitch_track(wave: Floats, sample_rate: int, lowest: float, highest: float) -> Floats:
    """Fundamental frequency every 10 ms by Praat's autocorrelation method (Boersma 1993), Hz.

    Frames lie as Praat lays them, centred in the wave; waves of one length and range have the same frames.

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        lowest: lowest frequency sought, Hz.
        highest: highest frequency sought, Hz; not above Nyquist.

    Returns:
        Shape (T,), 0 where there is no voice; T is 0 for a wave shorter than three periods of ``lowest``.

    Raises:
        ValueError: when the highest frequency lies above Nyquist.
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    import parselmouth

    if highest > sample_rate / 2:
        raise ValueError(f"The highest pitch, {highest:g} Hz, lies above the Nyquist frequency {sample_rate / 2:g} Hz.")
    # Praat has a message for it, but no other error than its general one.
    if len(wave) * lowest < _PERIODS * sample_rate:
        return np.zeros(0)
    sound = parselmouth.Sound(np.asarray(wave, np.float64), sampling_frequency=sample_rate)
    pitch = sound.to_pitch_ac(time_step=_STEP, pitch_floor=lowest, pitch_ceiling=highest)
    return np.asarray(pitch.selected_array["frequency"], np.float64)


def pitch_times(frames: int, duration: float) -> Floats:
    """Centres of the frames of :func:`pitch_track` in a wave of this many seconds: shape (frames,), seconds."""
    return np.asarray(duration / 2.0 + _STEP * (np.arange(frames) - (frames - 1) / 2.0))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
