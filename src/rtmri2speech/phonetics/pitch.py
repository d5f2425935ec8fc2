"""Fundamental frequency with Praat (extra ``phonetics``), and its difference between two waves."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.remembered import remembered

WIDEST_RANGE = (60.0, 700.0)
"""Hz: from a low male voice to a child's, where nothing is known of the speaker (Hirst 2011)."""

# Seconds from frame to frame.
_STEP = 0.01
# Praat's autocorrelation looks at this many periods of the lowest frequency at a time.
_PERIODS = 3
# It finds a wave of exactly so many too short or not, by the rounding of its duration: so it always is.
_ROUNDING = 1.0 + 1e-12

_NAN = float("nan")


def pitch_errors(reference: Float64, synthesized: Float64, sample_rate: int) -> dict[str, float]:
    """Differences of fundamental frequency and voicing, over frames of 10 ms.

    Both are measured within one range, that of the two waves together (:func:`pitch_range`): narrow, so that
    octave errors of the measurement are rare, yet not so narrow that a synthesis an octave too high would pass for
    correct, as it would within the reference's own range.

    Args:
        reference: the recorded wave, shape (N,).
        synthesized: the wave to compare with it, shape (N,).
        sample_rate: Hz.

    Returns:
        ``f0_rmse_hz`` and ``f0_rmse_cents``: root mean square over frames voiced in both, NaN where there are
        none; ``vuv_error``: share of all frames that are voiced in one wave only, NaN where the waves are too
        short for a frame. Empty where Praat (parselmouth) is not installed.
    """
    if not praat.available():
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


def pitch_range(waves: list[Float64], sample_rate: int) -> tuple[float, float]:
    """Range to search for the fundamental frequency: the lowest and the highest that any of the waves needs, Hz.

    A first pass over :data:`WIDEST_RANGE` gives the quartiles of each wave; the range runs from 0.75 times the first
    to 1.5 times the third quartile (De Looze & Hirst 2008, "Detecting changes in key and range for the automatic
    modeling and coding of intonation"; Hirst 2011, "The analysis by synthesis of speech melody"). Without any voice
    it is the widest range. It ends at Nyquist at the latest.

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


def pitch_track(wave: Float64, sample_rate: int, lowest: float, highest: float) -> Float64:
    """Fundamental frequency every 10 ms by Praat's autocorrelation method, Hz.

    Source: Boersma 1993, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio
    of a sampled sound", Proc. Inst. Phonetic Sciences Amsterdam 17, 97-110. Frames are placed as Praat places them,
    centered in the wave; waves of equal length and range have the same frames.

    Args:
        wave: shape (N,), any amplitude.
        sample_rate: Hz.
        lowest: lowest frequency sought, Hz.
        highest: highest frequency sought, Hz; not above Nyquist.

    Returns:
        Shape (T,), 0 where unvoiced; T is 0 for a wave no longer than three periods of ``lowest``.

    Raises:
        ValueError: when the highest frequency lies above Nyquist.
        ModuleNotFoundError: when Praat (parselmouth) is not installed.
    """
    return pitch_and_periodicity(wave, sample_rate, lowest, highest)[0]


def pitch_and_periodicity(wave: Float64, sample_rate: int, lowest: float, highest: float) -> tuple[Float64, Float64]:
    """As :func:`pitch_track`, and how periodic each frame is.

    Args:
        wave, sample_rate, lowest, highest: as of :func:`pitch_track`.

    Returns:
        F0, Hz, and Praat's strength of the chosen period, both of shape (T,). The strength r is the height of the
        autocorrelation at that period, 1 for a perfectly periodic sound: harmonics lie 10 log10(r / (1 - r)) dB above
        noise (Boersma 1993, equation 4). 0 where unvoiced.

    Raises:
        ValueError, ModuleNotFoundError: as :func:`pitch_track`.
    """
    if highest > sample_rate / 2:
        raise ValueError(f"The highest pitch, {highest:g} Hz, lies above the Nyquist frequency {sample_rate / 2:g} Hz.")
    # Praat refuses it as well, but with an exception that cannot be told from others.
    if len(wave) * lowest <= _PERIODS * sample_rate * _ROUNDING:
        return np.zeros(0), np.zeros(0)
    f0, strength = _measured(wave, sample_rate, lowest, highest)
    return f0.copy(), strength.copy()


@remembered(8)  # both ranges of a recording and of some sounds that it is compared with
def _measured(wave: Float64, sample_rate: int, lowest: float, highest: float) -> tuple[Float64, Float64]:
    import parselmouth

    sound = parselmouth.Sound(wave, sampling_frequency=sample_rate)
    pitch = sound.to_pitch_ac(time_step=_STEP, pitch_floor=lowest, pitch_ceiling=highest)
    chosen = pitch.selected_array
    f0 = np.asarray(chosen["frequency"], np.float64)
    return f0, np.where(f0 > 0, np.asarray(chosen["strength"], np.float64), 0.0)


def pitch_times(frames: int, duration: float) -> Float64:
    """Centers of the frames of :func:`pitch_track` in a wave of this many seconds: shape (frames,), seconds."""
    return np.asarray(duration / 2.0 + _STEP * (np.arange(frames) - (frames - 1) / 2.0))


def _rms(values: Float64) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
