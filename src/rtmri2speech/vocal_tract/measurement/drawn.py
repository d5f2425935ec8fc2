"""What figures, the video and the page draw of a tract: lines across it, colors, and limits for all frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT

CONTOUR_COLORS = dict(zip(CONTOURS, ("#E69F00", "#56B4E9", "#56B4E9", "#CC79A7", "#2FBF8F", "#F0E442"), strict=True))
"""Of each contour, on gray frames: colors of Okabe and Ito (2008), a green brightened."""

MIDLINE_COLOR, CLOSED_COLOR, AREA_COLOR = "#FFFFFF", "#FF4B2B", "#0072B2"

# Areas above this share of a recording's, and formants outside these, leave the axes rather than squeeze the rest.
_AREA_SHARE, _PLANE_SHARES = 99.0, (1.0, 99.0)
_LEAST_AREA, _ROOM = 2.0, 0.12
_PLANE = ((250.0, 800.0), (800.0, 2300.0))


@dataclass(frozen=True)
class Limits:
    """Limits of axes.

    Attributes:
        length_cm: of the longest tract.
        area_cm2: highest area.
        f1_hz, f2_hz: lowest and highest, of the plane.
    """

    length_cm: float
    area_cm2: float
    f1_hz: tuple[float, float]
    f2_hz: tuple[float, float]


def limits_of(tract: Tract) -> Limits:
    """Limits for all frames of a recording."""
    lengths, areas = (one[np.isfinite(one)] for one in (tract.length, tract.area_range[..., 1]))
    # Closed frames count, too: they have a point of their own, of an F1 that is lower than all others.
    shown = tract.formants[np.isfinite(tract.formants[:, :2]).all(axis=1) & ~doubtful_frames(tract)]
    f1, f2 = (_range(shown[:, number], usual) for number, usual in enumerate(_PLANE))
    return Limits(
        float(lengths.max()) if len(lengths) else 17.0,
        max(float(np.percentile(areas, _AREA_SHARE)), _LEAST_AREA) if len(areas) else _LEAST_AREA,
        f1,
        f2,
    )


def _range(values: Float64, usual: tuple[float, float]) -> tuple[float, float]:
    if len(values) == 0:
        return usual
    low, high = np.percentile(values, _PLANE_SHARES)
    room = _ROOM * (high - low) + 40.0
    return float(max(low - room, 0.0)), float(high + room)


def plane_frames(tract: Tract) -> Bool:
    """Frames (T,) with a point in the plane of F1 and F2: nowhere closed, to be trusted, and both known."""
    known = np.isfinite(tract.formants[:, :2]).all(axis=1)
    return np.asarray(known & ~tract.closed.any(axis=1) & (tract.confidence >= CONFIDENT))


def doubtful_frames(tract: Tract) -> Bool:
    """Frames (T,) that are not to be trusted."""
    return np.asarray(tract.confidence < CONFIDENT)


def cross_lines(tract: Tract) -> Float64:
    """A line across each section, as long as its walls are apart, (T, 40, 2, 2): two ends, x and y in pixels."""
    middles = 0.5 * (tract.midline[:, 1:] + tract.midline[:, :-1])
    along = np.diff(tract.midline, axis=1)
    along /= np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-9)[..., None]
    half = 0.5 * tract.distance[..., None] / tract.pixel_mm * np.stack([-along[..., 1], along[..., 0]], axis=-1)
    return np.stack([middles - half, middles + half], axis=2)


def section_edges(length_cm: float) -> Float64:
    """Distance of the sections' ends from the glottis, (41,), cm."""
    return np.linspace(0.0, length_cm, SECTIONS + 1)
