"""Display times of video frames: exact where the container is exact, and mended where a stamp is odd."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import MediaError

# A first or last frame that lies this many frames away from all others, and more than half a second, has an odd stamp.
_FAR_FRAMES, _FAR_SECONDS = 10, Fraction(1, 2)

# Gaps at an end that say how far apart frames are there.
_NEAR = 9

# Frames by which FFmpeg's guesses of stamps may be wrong.
_GUESSED = 4

# Duplicates for which both readings are tried.
_TRIED = 100

Ticks = Fraction | int


class FrameTimes(NamedTuple):
    """When frames are shown.

    Attributes:
        starts: shape (n,), start of every frame in seconds, increasing.
        end: end of the last one.
        rate: mean frame rate.
        odd: numbers of the frames whose own time stamp was missing, double or out of order.
    """

    starts: Float64
    end: float
    rate: Fraction
    odd: list[int]


def frame_times(
    path: Path,
    pts: Sequence[int | None],
    time_base: Fraction | None,
    nominal: Fraction | None,
    fps: Fraction | None,
    guessed: bool = False,
) -> FrameTimes:
    """When every frame starts. A stamp that cannot be is replaced by the time between its neighbors.

    Args:
        path: named in errors.
        pts: time stamps of the decoded frames in ticks.
        time_base: seconds per tick.
        nominal: the frame rate that the container states.
        fps: the true rate, where the container's is known to be wrong.
        guessed: most of the stamps are guesses of FFmpeg's, as in MPEG program streams.

    Raises:
        MediaError: when neither time stamps nor a rate are known.
    """
    n = len(pts)
    known = [(index, value) for index, value in enumerate(pts) if value is not None]
    # With few stamps there is nothing to tell the odd ones from the others.
    if fps is None and time_base and 1 < len(known) > n // 2 and not _constant(known, time_base, nominal):
        kept = _on_grid(known, time_base, nominal, guessed) or _trusted(known, time_base)
        if 1 < len(kept) > n // 2 and not _constant(kept, time_base, nominal):
            stamps = _filled(kept, n)
            first, last = stamps[0], stamps[-1]
            rate = Fraction(n - 1) / ((last - first) * time_base)
            # Differences in whole ticks, so that only one rounding happens.
            starts = np.array([float((value - first) * time_base) for value in stamps]) + float(first * time_base)
            return FrameTimes(starts, float(last * time_base + 1 / rate), rate, _left_out(kept, n))
        known = kept if len(kept) > 1 else known
    constant = fps or nominal
    if not constant:
        raise MediaError(f"{path}: does not say when its frames were taken.", "Give the frame rate: `fps=625/23`")
    start = 0.0
    if known and time_base is not None:
        index, value = known[0]
        start = float(value * time_base - index / constant)
    starts = start + np.array([float(i / constant) for i in range(n)])
    odd = [] if fps is not None or not known else _left_out(known, n)
    return FrameTimes(starts, start + float(n / constant), constant, odd)


def _constant(known: Sequence[tuple[int, Ticks]], time_base: Fraction, nominal: Fraction | None) -> bool:
    """Whether the times are those of the nominal rate, rounded to the container's ticks (Matroska: 1 ms)."""
    first, start = known[0]
    return nominal is not None and all(
        abs((value - start) * time_base - (index - first) / nominal) <= time_base for index, value in known
    )


def _left_out(kept: Sequence[tuple[int, Ticks]], n: int) -> list[int]:
    return sorted(set(range(n)) - {index for index, _ in kept})


def _on_grid(
    known: list[tuple[int, int]], time_base: Fraction, nominal: Fraction | None, guessed: bool
) -> list[tuple[int, int]]:
    """Stamps of the nominal rate, where they are most: if others go back and the last is one, or they are guessed.

    MPEG program streams have a constant rate, and stamps for some frames only; FFmpeg's guesses of the others are some
    frames early or late, for up to a second.
    """
    if nominal is None or not (guessed or any(one >= other for (_, one), (_, other) in pairwise(known))):
        return []
    first, start = known[0]
    step = 1 / (nominal * time_base)
    grid = [(index, start + round((index - first) * step)) for index, _ in known]
    off = [Fraction(abs(value - even)) for (_, value), (_, even) in zip(known, grid, strict=True)]
    near = max(Fraction(1), step / 10) if guessed else Fraction(1)
    kept = [even for even, ticks in zip(grid, off, strict=True) if ticks <= near]
    safe = max(off) <= _GUESSED * step if guessed else off[-1] <= near
    return kept if safe and len(kept) > len(known) // 2 else []


def _trusted(known: list[tuple[int, int]], time_base: Fraction) -> list[tuple[int, int]]:
    """The stamps that can all be true: they increase, and none is far from all others."""
    kept = known
    if not all(one < other for (_, one), (_, other) in pairwise(known)):
        kept = _increasing(known)
        ordered = sorted(value for _, value in known)
        if all(one < other for one, other in pairwise(ordered)):
            # Two that changed places are true, each for the other.
            swapped = [(index, value) for (index, _), value in zip(known, ordered, strict=True)]
            if _unevenness(swapped, known) < _unevenness(kept, known):
                return swapped
    gaps = sorted(Fraction(b - a, j - i) for (i, a), (j, b) in pairwise(kept))
    if len(kept) > 3:
        far = max(_FAR_FRAMES * gaps[len(gaps) // 2], _FAR_SECONDS / time_base)
        if kept[-1][1] - kept[-2][1] > far:
            kept = kept[:-1]
        if kept[1][1] - kept[0][1] > far:
            kept = kept[1:]
    return kept


def _increasing(known: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of increasing stamps; of two equal ones, the one that fits its neighbors better."""
    tails: list[int] = []  # the least stamp at which a run of each length ends
    ends: list[int] = []  # its place
    before: list[int] = [-1] * len(known)
    for place, (_, value) in enumerate(known):
        at = bisect_left(tails, value)
        before[place] = ends[at - 1] if at else -1
        tails[at : at + 1], ends[at : at + 1] = [value], [place]
    places, place = [], ends[-1]
    while place >= 0:
        places.append(place)
        place = before[place]
    kept = [known[place] for place in reversed(places)]
    doubles = [(one, other) for one, other in pairwise(known) if one[1] == other[1]]
    for one, other in doubles[:_TRIED]:
        if (one in kept) != (other in kept):
            now, instead = (one, other) if one in kept else (other, one)
            changed = [instead if item == now else item for item in kept]
            if _unevenness(changed, known) < _unevenness(kept, known):
                kept = changed
    return kept


def _unevenness(kept: Sequence[tuple[int, Ticks]], known: Sequence[tuple[int, int]]) -> float:
    """Sum of the changes from one frame's duration to the next, in ticks."""
    wanted = [index for index, _ in known]
    stamps = np.interp(wanted, [index for index, _ in kept], [float(value) for _, value in kept])
    return float(np.abs(np.diff(stamps, 2)).sum())


def _filled(kept: Sequence[tuple[int, int]], n: int) -> list[Ticks]:
    """A stamp for each of n frames: even steps between those that are trusted, and on before and after them."""
    stamps: list[Ticks] = []
    gaps = [Fraction(b - a, j - i) for (i, a), (j, b) in pairwise(kept)]
    early, late = (sorted(part)[len(part) // 2] for part in (gaps[:_NEAR], gaps[-_NEAR:]))
    first, start = kept[0]
    stamps += [start - (first - index) * early for index in range(first)]
    for (i, a), (j, b) in pairwise(kept):
        stamps += [a, *(a + Fraction(b - a, j - i) * step for step in range(1, j - i))]
    last, stop = kept[-1]
    return [*stamps, stop, *(stop + step * late for step in range(1, n - last))]


def tagged_duration(metadata: Mapping[str, str]) -> float | None:
    """Seconds to the stream's end as Matroska's tag ``DURATION`` says, which has no number of frames; or None."""
    match = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", metadata.get("DURATION", ""))
    return None if match is None else int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
