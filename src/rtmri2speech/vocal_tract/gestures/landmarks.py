"""Landmarks of gestures in a measure over time, by velocity.

A gesture moves towards an extreme (of lip aperture: the closure), stays there, and moves back. Its landmarks are those
of articulography (Gafos, Kirov and Shaw 2010, "Guidelines for using MVIEW", New York University and Haskins
Laboratories; the procedure ``findgest`` of Tiede's MVIEW):

======================  ==================================================================================
onset                   speed of the movement towards the extreme rises above 20 % of its peak
peak velocity           speed of that movement is highest
target                  it falls below 20 % of that peak: the plateau starts
release                 speed of the movement back rises above 20 % of its own peak: the plateau ends
release peak velocity   speed of the movement back is highest
offset                  it falls below 20 % of its peak
======================  ==================================================================================

Onset and target are the crossings next to the peak on either side. Other than in MVIEW, where somebody points at each
gesture, all gestures of a recording are found, and a movement is what lies between two turning points:

1. Gaps (NaN) of at most ``longest_gap`` are filled by a monotone cubic (PCHIP, as MVIEW does); longer ones cut the
   measure in parts, across which no gesture goes.
2. The measure is smoothed by a Gaussian, which is symmetric: nothing lags. A cubic spline through its values gives
   times between frames, and velocity as its exact derivative.
3. Of its turning points, those between which it moves least are taken out in pairs until every movement is one of
   ``least_mm`` or more (persistence, Edelsbrunner, Letscher and Zomorodian 2002, Discrete Comput. Geom. 28, 511):
   noise on a plateau makes no gestures.
4. A gesture from onset to offset that is shorter than ``least_seconds``, or than three frames, is left out: a single
   frame that was measured wrong looks like that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator, PPoly
from scipy.ndimage import gaussian_filter1d

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.errors import ConfigError

Towards = Literal["smaller", "larger"]
"""Values that a gesture moves to."""

_LEAST_FRAMES = 3.0
# Frames that a part needs for a spline, and for a movement.
_FEWEST = 4
_NAN = float("nan")


@dataclass(frozen=True)
class GestureOptions:
    """What counts as a gesture.

    Attributes:
        least_mm: smallest movement, mm.
        least_seconds: shortest gesture from onset to offset, seconds; never less than three frames.
        threshold: share of the peak velocity at which movements start and end.
        smoothing: standard deviation of the Gaussian, seconds; 0 for none.
        longest_gap: of frames without a value that are filled, seconds.

    Raises:
        ConfigError: when one of them is not possible.
    """

    least_mm: float = 2.0
    least_seconds: float = 0.08
    threshold: float = 0.2
    smoothing: float = 0.015
    longest_gap: float = 0.1

    def __post_init__(self) -> None:
        if not self.least_mm > 0.0:
            raise ConfigError(f"`least_mm={self.least_mm:g}`: not above 0.", "Give 2, or more where much is noise.")
        if not 0.0 < self.threshold < 1.0:
            raise ConfigError(f"`threshold={self.threshold:g}`: not between 0 and 1.", "Give 0.2, as is usual.")
        for name in ("least_seconds", "smoothing", "longest_gap"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"`{name}={getattr(self, name):g}`: not a duration.", "Give seconds, 0 or more.")


@dataclass(frozen=True)
class Landmarks:
    """One gesture; times in seconds from the start of the first frame, NaN where the measure does not show them.

    Attributes:
        onset, peak_velocity, target: of the movement towards the extreme.
        release, release_peak_velocity, offset: of the movement back.
        extreme: value of the measure that is furthest, between target and release, as it was measured.
        displacement: from onset to extreme, as it was measured, 0 or more.
        release_displacement: from extreme to offset, 0 or more.
        speed: highest of the movement towards the extreme, per second, 0 or more.
        release_speed: highest of the movement back.
    """

    onset: float
    peak_velocity: float
    target: float
    release: float
    release_peak_velocity: float
    offset: float
    extreme: float
    displacement: float
    release_displacement: float
    speed: float
    release_speed: float


def find_landmarks(
    values: Float64, frame_rate: float, towards: Towards = "smaller", options: GestureOptions | None = None
) -> list[Landmarks]:
    """All gestures of a measure, in order; none overlaps the next.

    Args:
        values: (T,), mm, one per frame, NaN where unknown.
        frame_rate: frames per second; the first value is that of half a frame's time after 0.
        towards: whether gestures make the measure smaller (a constriction) or larger (protrusion, a port that opens).
        options: what counts as a gesture.
    """
    chosen = options or GestureOptions()
    sign = 1.0 if towards == "smaller" else -1.0
    series: Float64 = sign * np.asarray(values, np.float64)
    filled: Float64 = _without_short_gaps(series, chosen.longest_gap * frame_rate)
    found: list[Landmarks] = []
    for start, stop in _stretches(np.isfinite(filled)):
        if stop - start >= _FEWEST:
            times = np.asarray((np.arange(start, stop) + 0.5) / frame_rate, np.float64)
            found += _of_part(times, filled[start:stop], frame_rate, chosen)
    return [_signed(one, sign) for one in found]


def _without_short_gaps(series: Float64, longest: float) -> Float64:
    """A series with gaps of at most so many frames filled by PCHIP."""
    known = np.isfinite(series)
    if known.sum() < 2 or known.all():
        return series
    filled, frames = series.copy(), np.arange(len(series))
    curve = PchipInterpolator(frames[known], series[known])
    for start, stop in _stretches(~known):
        if start > 0 and stop < len(series) and stop - start <= longest:
            filled[start:stop] = curve(frames[start:stop])
    return filled


def _stretches(inside: Bool) -> list[tuple[int, int]]:
    """First and last (exclusive) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _of_part(times: Float64, values: Float64, rate: float, options: GestureOptions) -> list[Landmarks]:
    smooth: Float64 = (
        gaussian_filter1d(values, options.smoothing * rate, mode="nearest") if options.smoothing > 0 else values
    )
    curve = CubicSpline(times, smooth)
    turning = _turning_points(curve, options.least_mm)
    movements = [_movement(curve, start, end, options.threshold) for start, end in pairwise(turning)]
    shortest = max(options.least_seconds, _LEAST_FRAMES / rate)
    found = []
    for before, after in _pairs(movements):
        one = _gesture(before, after, times, values)
        if not one.offset - one.onset < shortest:
            found.append(one)
    return found


def _turning_points(curve: CubicSpline, least: float) -> list[float]:
    """Times at which the curve turns, and its ends, such that it moves by ``least`` or more between neighbors."""
    low, high = float(curve.x[0]), float(curve.x[-1])
    roots = curve.derivative().roots(extrapolate=False)
    inner = roots[np.isfinite(roots) & (roots > low) & (roots < high)]
    places = np.concatenate([[low], np.unique(inner), [high]])
    heights = curve(places)
    moved = np.concatenate([[True], np.diff(heights) != 0.0])
    places, heights = places[moved], heights[moved]
    # Where the curve only pauses, it does not turn.
    up = np.diff(heights) > 0.0
    turns = np.concatenate([[True], up[:-1] != up[1:], [True]]) if len(up) else np.ones(1, np.bool_)
    times, values = places[turns].tolist(), heights[turns].tolist()
    while len(times) > 1:
        moves = [abs(after - before) for before, after in pairwise(values)]
        least_move = min(moves)
        if least_move >= least:
            break
        at = moves.index(least_move)
        if len(times) == 2:
            return []
        # At an end only the end goes: its neighbor may be the extreme of a movement that was seen whole.
        cut = slice(0, 1) if at == 0 else slice(len(times) - 1, None) if at == len(moves) - 1 else slice(at, at + 2)
        del times[cut], values[cut]
    return times if len(times) > 1 else []


@dataclass(frozen=True)
class _Movement:
    """From one turning point to the next: where speed crosses the threshold, and its peak, negative downwards."""

    start: float
    onset: float
    peak: float
    end: float
    stop: float
    velocity: float


def _movement(curve: CubicSpline, start: float, stop: float, threshold: float) -> _Movement:
    velocity = curve.derivative()
    sign = 1.0 if curve(stop) > curve(start) else -1.0
    peaks = _within(velocity.derivative(), 0.0, start, stop)
    candidates = np.concatenate([[start], peaks, [stop]])
    speeds = sign * velocity(candidates)
    peak, speed = float(candidates[speeds.argmax()]), float(speeds.max())
    crossings = _within(velocity, sign * threshold * speed, start, stop)
    before, after = crossings[crossings < peak], crossings[crossings > peak]
    onset = float(before[-1]) if len(before) else _NAN
    end = float(after[0]) if len(after) else _NAN
    return _Movement(start, onset, peak, end, stop, sign * speed)


def _within(curve: PPoly, value: float, start: float, stop: float) -> Float64:
    """Times between two at which a curve has a value."""
    first = max(int(np.searchsorted(curve.x, start, side="right")) - 1, 0)
    last = min(int(np.searchsorted(curve.x, stop, side="left")), len(curve.x) - 1)
    piece = PPoly(curve.c[:, first:last], curve.x[first : last + 1])
    found = piece.solve(value, discontinuity=False, extrapolate=False)
    return np.unique(found[np.isfinite(found) & (found > start) & (found < stop)])


def _pairs(movements: list[_Movement]) -> Iterator[tuple[_Movement | None, _Movement | None]]:
    """Movements down and up that belong to one gesture; at the ends of a part one may be missing."""
    if movements and movements[0].velocity > 0:
        yield None, movements[0]
    for number, one in enumerate(movements):
        if one.velocity < 0:
            yield one, movements[number + 1] if number + 1 < len(movements) else None


def _gesture(before: _Movement | None, after: _Movement | None, times: Float64, values: Float64) -> Landmarks:
    onset, peak, target = (before.onset, before.peak, before.end) if before else (_NAN,) * 3
    release, back, offset = (after.onset, after.peak, after.end) if after else (_NAN,) * 3
    # The plateau: from target to release, as far as they are known.
    turn = before.stop if before else after.start if after else _NAN
    start, stop = (turn if math.isnan(time) else time for time in (target, release))
    inside = values[(times >= start) & (times <= stop)]
    extreme = float(np.concatenate([inside, np.interp([start, stop], times, values)]).min())
    away, home = (float(np.interp(time, times, values)) if not math.isnan(time) else _NAN for time in (onset, offset))
    return Landmarks(
        onset=onset,
        peak_velocity=peak,
        target=target,
        release=release,
        release_peak_velocity=back,
        offset=offset,
        extreme=extreme,
        displacement=away - extreme,
        release_displacement=home - extreme,
        speed=-before.velocity if before else _NAN,
        release_speed=after.velocity if after else _NAN,
    )


def _signed(one: Landmarks, sign: float) -> Landmarks:
    return one if sign > 0 else Landmarks(**{**one.__dict__, "extreme": -one.extreme})
