"""Midline, sections of equal length from glottis to lips, and the distance of the walls in each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.vocal_tract.geometry.grid import TractGrid
from rtmri2speech.vocal_tract.geometry.walls import LEVELS, Walls

SECTIONS = 40
"""Sections of the tract, from glottis to lips."""

SECTION_PERCENT: Float64 = (np.arange(SECTIONS) + 0.5) * 100.0 / SECTIONS
"""Middles of the sections, percent of the tract from the glottis."""

MIDLINE_SECONDS = 0.07
"""Standard deviation of the midline's smoothing in time; symmetric, so that nothing lags."""

# The larynx as a whole moves slowly. Lengths and distances follow the lips, and the place of closures, faster than the
# midline that is given.
_GLOTTIS_SECONDS, _MEDIAN_SECONDS, _QUICK = 0.15, 0.35, 0.25
# Smoothing along the tract, lines.
_ALONG = 2.5
# Lines further than this from the midline's normal are not taken at more than this, degrees.
_LEAST_COSINE = 0.5
_MIDDLE = LEVELS.index(0.5)
# Lips and glottis are at least so far apart, as a share of the lines.
_LEAST_SHARE = 0.3
# A gap of at most so many seconds without an end of the tract is filled from its neighbors.
_GAP_SECONDS = 0.4


@dataclass(frozen=True)
class Sections:
    """Sections of T frames, pixels of the segmenter's square.

    Attributes:
        midline: (T, 41, 2), x and y of the sections' ends, from glottis to lips; NaN where an end is out of view.
        distance: (T, 40, 3), of the walls across the midline at each of
            :data:`~rtmri2speech.vocal_tract.geometry.walls.LEVELS`; 0 where closed.
        length: (T,), from glottis to lips, before the midline is smoothed in time.
        closed: (T, 40), where the walls touch.
    """

    midline: Float64
    distance: Float64
    length: Float64
    closed: Bool


def cut_sections(walls: Walls, grid: TractGrid, frame_rate: Fraction, seconds: float = MIDLINE_SECONDS) -> Sections:
    """Cut the tract into sections of equal length.

    Args:
        walls: on the grid's lines.
        grid: of the recording.
        frame_rate: frames per second.
        seconds: smoothing of the midline in time; 0 for raw values, ends of the tract included. The distances are as
            the probabilities have them, at any smoothing.
    """
    rate = float(frame_rate)
    glottis, lips = (filled(one, max(round(_GAP_SECONDS * rate), 1)) for one in (walls.glottis, walls.lips))
    if seconds > 0.0:
        width = 2 * round(0.5 * _MEDIAN_SECONDS * rate) + 1
        glottis = _steady(glottis, width, seconds / MIDLINE_SECONDS * _GLOTTIS_SECONDS * rate)
    center = gaussian_filter1d(walls.center, _ALONG, axis=1, mode="nearest")
    widths = walls.outer - walls.inner
    shut = widths[..., _MIDDLE] <= 0.0
    count = len(center)
    midline = np.full((count, SECTIONS + 1, 2), np.nan)
    distance = np.full((count, SECTIONS, len(LEVELS)), np.nan)
    length, closed = np.full(count, np.nan), np.zeros((count, SECTIONS), np.bool_)
    quick, slow = (_lines(center, lips, grid, share * seconds * rate) for share in (_QUICK, 1.0))
    widths = widths * _cosine(quick[0], grid)[..., None]
    least = _LEAST_SHARE * center.shape[1]
    rows = np.flatnonzero(np.isfinite(glottis) & np.isfinite(lips) & (lips - glottis > least))
    along, places = _places(quick[0][rows], glottis[rows], quick[1][rows])
    length[rows] = places[:, -1] - places[:, 0]
    distance[rows] = _means(along, widths[rows], places)
    # A line belongs to the section that it crosses.
    at = (places[:, None] < along[..., None]).sum(axis=-1) - 1
    frame, line = np.nonzero(shut[rows] & (at >= 0) & (at < SECTIONS))
    closed[rows[frame], at[frame, line]] = True
    midline[rows] = _between(*_places(slow[0][rows], glottis[rows], slow[1][rows]), slow[0][rows])
    distance[closed, : _MIDDLE + 1] = 0.0
    return Sections(midline, distance, length, closed)


def _lines(center: Float64, lips: Float64, grid: TractGrid, deviation: float) -> tuple[Float64, Float64]:
    """Midlines (T, M, 2) and their front ends (T,), smoothed in time."""
    if deviation > 0.0 and len(center):
        center = gaussian_filter1d(center, deviation, axis=0, mode="nearest")
        lips = _steady(lips, 3, deviation)
    return grid.points(center), lips


def _places(lines: Float64, first: Float64, last: Float64) -> tuple[Float64, Float64]:
    """Length along lines (T, M, 2) to their points, (T, M), and to ends of sections between two of them, (T, 41)."""
    along = np.zeros(lines.shape[:2])
    np.cumsum(np.hypot(*np.moveaxis(np.diff(lines, axis=1), -1, 0)), axis=1, out=along[:, 1:])
    numbers = np.broadcast_to(np.arange(lines.shape[1], dtype=np.float64), along.shape)
    ends = _between(numbers, np.stack([first, last], axis=1), along[..., None])[..., 0]
    return along, np.linspace(ends[:, 0], ends[:, 1], SECTIONS + 1, axis=1)


def _before(along: Float64, places: Float64) -> tuple[Int64, Float64]:
    """The last point (T, P) of each line, at (T, M), before places (T, P), and how far beyond it they are.

    Before the first point there is nothing, and after the last one neither.
    """
    at = np.clip((along[:, None] <= places[..., None]).sum(axis=-1) - 1, 0, along.shape[1] - 2)
    start, end = (np.take_along_axis(along, at + step, axis=1) for step in (0, 1))
    return at, np.clip(places, start, end) - start


def _between(along: Float64, places: Float64, values: Float64) -> Float64:
    """Values (T, P, K) at places (T, P), of values (T, M, K) along lines: linear interpolation."""
    at, beyond = _before(along, places)
    start, end = (np.take_along_axis(values, at[..., None] + step, axis=1) for step in (0, 1))
    step = np.diff(along, axis=1)
    share = beyond / np.maximum(np.take_along_axis(step, at, axis=1), 1e-12)
    return np.asarray(start + share[..., None] * (end - start))


def _cosine(lines: Float64, grid: TractGrid) -> Float64:
    """Of the angle between each line of the grid and the midline's normal, (T, M)."""
    along = np.gradient(lines, axis=1)
    along /= np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-9)[..., None]
    across = along[..., 0] * grid.normals[:, 1] - along[..., 1] * grid.normals[:, 0]
    return np.maximum(np.abs(across), _LEAST_COSINE)


def _means(along: Float64, values: Float64, places: Float64) -> Float64:
    """Means (T, P - 1, K) of values (T, M, K) along lines between places (T, P): exact for linear interpolation."""
    steps = np.diff(along, axis=1)[..., None]
    total = np.zeros(values.shape)
    np.cumsum(0.5 * (values[:, 1:] + values[:, :-1]) * steps, axis=1, out=total[:, 1:])
    at, beyond = _before(along, places)
    start, before = (np.take_along_axis(one, at[..., None], axis=1) for one in (values, total))
    here = before + 0.5 * (start + _between(along, places, values)) * beyond[..., None]
    return np.asarray(np.diff(here, axis=1) / np.maximum(np.diff(places, axis=1), 1e-9)[..., None])


def filled(values: Float64, gap: int) -> Float64:
    """Values (T,) with gaps of at most ``gap`` frames filled by linear interpolation, at the ends by the nearest."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return values
    numbers = np.arange(len(values))
    whole = np.interp(numbers, known, values[known])
    before = known[np.clip(np.searchsorted(known, numbers, side="right") - 1, 0, len(known) - 1)]
    after = known[np.clip(np.searchsorted(known, numbers), 0, len(known) - 1)]
    return np.where(np.minimum(np.abs(numbers - before), np.abs(after - numbers)) <= gap // 2, whole, np.nan)


def _steady(values: Float64, width: int, deviation: float) -> Float64:
    """Values (T,) without single outliers, smoothed; what is unknown stays so."""
    known = np.isfinite(values)
    if not known.any():
        return values
    whole = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
    whole = gaussian_filter1d(median_filter(whole, width, mode="nearest"), deviation, mode="nearest")
    return np.where(known, whole, np.nan)
