"""What has to be said of made sounds that lie elsewhere in time, level, length or band than their recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rtmri2speech.evaluation.sounds.scoring import GENERATED, SoundScores

# From here on, medians over the files, the placement of made sounds spoils measures that compare moment by moment.
_LATE_MS, _LOUD_DB = 20.0, 3.0
# A band that ends this much lower than the other's is another band.
_LOWER_BAND = 0.9


def notes_on(scores: Sequence[SoundScores]) -> list[str]:
    """What the placement, lengths and bands of made sounds do to the measures.

    Args:
        scores: of all files, at least one.
    """
    notes = []
    late = _median(scores, "lag_ms")
    if abs(late) >= _LATE_MS:
        way = "late" if late > 0 else "early"
        notes.append(f"made sounds are {abs(late):.0f} ms {way} (median), and are measured where they are")
    louder = _median(scores, "level_db")
    if abs(louder) >= _LOUD_DB:
        notes.append(f"made sounds differ by {louder:+.1f} dB in level (median); mel errors and mrstft include it")
    longer = [one for one in scores if one.longer != 0.0]
    if longer:
        most = max(longer, key=lambda one: abs(one.longer))
        notes.append(
            f"{len(longer)} made sound(s) are of another length, {most.name} by {most.longer:+.3f} s: cut at the end"
        )
    ends = np.median([one.band_ends for one in scores], axis=0)
    lower, higher = sorted(float(end) for end in ends)
    if lower < _LOWER_BAND * higher:
        which = "recordings" if ends[0] < ends[1] else "made sounds"
        notes.append(
            f"the {which} hold nothing above {lower:.0f} Hz: `sample_rate={2 * lower:.0f}` compares that band alone"
        )
    return notes


def _median(scores: Sequence[SoundScores], name: str) -> float:
    """Over the files that have a number; 0 where none has."""
    found = [one.measures[GENERATED].get(name, math.nan) for one in scores]
    known = [value for value in found if math.isfinite(value)]
    return float(np.median(known)) if known else 0.0
