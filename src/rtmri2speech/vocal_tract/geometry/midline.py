"""Midline, sections of equal length from glottis to lips, and the distance of the walls in each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.vocal_tract.geometry.grid import TractGrid
from rtmri2speech.vocal_tract.geometry.walls import LEVELS, Walls
from rtmri2speech.vocal_tract.outlines import arc_length

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
    for frame in np.flatnonzero(np.isfinite(glottis) & np.isfinite(lips) & (lips - glottis > least)):
        along, places = _places(quick[0][frame], glottis[frame], quick[1][frame])
        length[frame] = places[-1] - places[0]
        for level in range(len(LEVELS)):
            distance[frame, :, level] = _means(along, widths[frame, :, level], places)
        # A line belongs to the section that it crosses.
        at = np.searchsorted(places, along[shut[frame]]) - 1
        closed[frame, at[(at >= 0) & (at < SECTIONS)]] = True
        along, places = _places(slow[0][frame], glottis[frame], slow[1][frame])
        for axis in (0, 1):
            midline[frame, :, axis] = np.interp(places, along, slow[0][frame, :, axis])
    distance[closed, : _MIDDLE + 1] = 0.0
    return Sections(midline, distance, length, closed)


def _lines(center: Float64, lips: Float64, grid: TractGrid, deviation: float) -> tuple[Float64, Float64]:
    """Midlines (T, M, 2) and their front ends (T,), smoothed in time."""
    if deviation > 0.0 and len(center):
        center = gaussian_filter1d(center, deviation, axis=0, mode="nearest")
        lips = _steady(lips, 3, deviation)
    return grid.points(center), lips


def _places(line: Float64, first: float, last: float) -> tuple[Float64, Float64]:
    """Length along a line (M, 2) to its points, and to the ends of sections between two of them (41,)."""
    along = arc_length(line)
    ends = np.interp([first, last], np.arange(len(line)), along)
    return along, np.linspace(ends[0], ends[1], SECTIONS + 1)


def _cosine(lines: Float64, grid: TractGrid) -> Float64:
    """Of the angle between each line of the grid and the midline's normal, (T, M)."""
    along = np.gradient(lines, axis=1)
    along /= np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-9)[..., None]
    across = along[..., 0] * grid.normals[:, 1] - along[..., 1] * grid.normals[:, 0]
    return np.maximum(np.abs(across), _LEAST_COSINE)


def _means(along: Float64, values: Float64, places: Float64) -> Float64:
    """Mean of values (M,) at places along a line over each of K intervals: exact for linear interpolation."""
    every = np.union1d(along, places)
    dense = np.interp(every, along, values)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (dense[1:] + dense[:-1]) * np.diff(every))])
    return np.asarray(np.diff(np.interp(places, every, total)) / np.maximum(np.diff(places), 1e-9))


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
