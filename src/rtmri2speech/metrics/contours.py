"""F0 and formants of two waves over time: do they move together, and are they as high."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.formants import ceiling_for, formants_at
from rtmri2speech.phonetics.pitch import pitch_and_periodicity, pitch_range, pitch_times

PERIODIC = 0.8
"""Praat's strength from which on a frame of the recording counts as clearly periodic: harmonics 6 dB above noise."""

CONTOURS = (
    *("f0_correlation", "f0_correlation_periodic"),
    *(f"f{number}_{what}" for what in ("correlation", "ratio") for number in (1, 2, 3)),
)
"""All that :func:`compare_contours` measures."""

_FORMANTS = 3
# Seconds from one frame of the formants to the next, which is that of F0.
_STEP = 0.01
# Frames below which a correlation says nothing: a tenth of a second.
_FEWEST = 10

_NAN = float("nan")


def compare_contours(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """Correlation of F0, and correlation and ratio of F1 to F3, over the frames of 10 ms that are voiced in both waves.

    F0 is that of :func:`~rtmri2speech.phonetics.pitch.pitch_errors`, within the range of the two waves together.
    Formants are those of :func:`~rtmri2speech.phonetics.formants.formants_at`, the ceiling by the recording's median F0
    and not above Nyquist; no annotation is needed, and what is voiced but no vowel counts as well.

    Args:
        reference: the recorded wave, shape (N,), any amplitude.
        synthesized: the wave to compare with it, shape (N,); the longer one is cut at its end.
        sample_rate: of both, Hz.

    Returns:
        ``f0_correlation``: Pearson's, of F0 in Hz; ``f0_correlation_periodic``: the same where the recording is clearly
        periodic (:data:`PERIODIC`); ``f1_correlation`` to ``f3_correlation``; ``f1_ratio`` to ``f3_ratio``: median of
        the synthesized formant as a fraction of the recorded one. NaN with fewer than 10 frames, or where one does not
        change. Empty where Praat (parselmouth) is not installed.
    """
    if not praat.available():
        return {}
    length = min(len(reference), len(synthesized))
    waves = [np.asarray(wave[:length], np.float64) for wave in (reference, synthesized)]
    lowest, highest = pitch_range(waves, sample_rate)
    (true, strength), (found, _) = (pitch_and_periodicity(wave, sample_rate, lowest, highest) for wave in waves)
    both = (true > 0) & (found > 0)
    periodic = both & (strength >= PERIODIC)
    measures = {
        "f0_correlation": correlation(true[both], found[both]),
        "f0_correlation_periodic": correlation(true[periodic], found[periodic]),
        **dict.fromkeys(CONTOURS[2:], _NAN),
    }
    if both.sum() >= _FEWEST:
        times = pitch_times(len(true), length / sample_rate)[both]
        ceiling = ceiling_for(true, sample_rate / 2)
        one, other = (formants_at(wave, sample_rate, times, ceiling, _FORMANTS, _STEP) for wave in waves)
        for number in range(_FORMANTS):
            measures[f"f{number + 1}_correlation"] = correlation(one[:, number], other[:, number])
            ratios = (other[:, number] / one[:, number])[np.isfinite(one[:, number] + other[:, number])]
            measures[f"f{number + 1}_ratio"] = float(np.median(ratios)) if len(ratios) >= _FEWEST else _NAN
    return measures


def correlation(one: Float64, other: Float64) -> float:
    """Pearson's correlation of the pairs in which both are numbers; NaN with fewer than 10, or without change.

    Args:
        one, other: shape (T,).
    """
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < _FEWEST:
        return _NAN
    first, second = (values[known] - values[known].mean() for values in (one, other))
    spread = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.sum(first * second) / spread) if spread > 0 else _NAN
