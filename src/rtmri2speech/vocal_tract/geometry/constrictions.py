"""Constrictions and positions of articulators in millimeters, frame by frame, from contours.

All are distances between contours of :mod:`rtmri2speech.vocal_tract.contours`, or places of their points; none depends
on areas or acoustics. NaN where a contour that is needed is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.outlines import class_outline

MEASURES = (
    *("lip_aperture_mm", "lip_protrusion_mm", "tongue_tip_mm", "tongue_tip_at", "tongue_body_mm", "tongue_body_at"),
    *("pharynx_mm", "velum_mm", "larynx_cm", "jaw_mm"),
)
"""Names of measures, as tables have them.

``lip_aperture_mm``
    smallest distance of the lips' margins.
``lip_protrusion_mm``
    how far the foremost points of both lips, on average, lie in front of the ridge behind the upper teeth, along the
    line from the top of the pharyngeal wall to that ridge in the average frame.
``tongue_tip_mm``, ``tongue_tip_at``
    smallest distance between the front quarter of the tongue's surface and palate or upper lip, and where: percent of
    the tract from the glottis (0) to the lips (100).
``tongue_body_mm``, ``tongue_body_at``
    the same for the two quarters behind it, and palate, velum or pharyngeal wall.
``pharynx_mm``
    smallest distance between the rear quarter of the tongue's surface, or the epiglottis, and the pharyngeal wall.
``velum_mm``
    smallest distance between the outlines of velum and pharyngeal wall: of the port as one sees it from the side. 0
    where they come closer than :data:`TOUCH_MM`.
``larynx_cm``
    height of the glottis: how far it lies above its mean of the recording.
``jaw_mm``
    how far the lower lip's hindmost point lies below the ridge behind the upper teeth, across that line: an opening of
    the jaw, in which the lip takes part.
"""

TOUCH_MM = 1.0
"""Outlines of tissues that touch are as far apart as probabilities fall off between them."""

_NUMBER = {name: number for number, name in enumerate(CLASSES)}
# Points of the tongue's contour, of 64.
_TIP, _BODY, _ROOT = slice(48, 64), slice(16, 48), slice(0, 16)


def constrictions(contours: Contours, midline: Float64, pixel_mm: float, port_mm: Float64) -> Mapping[str, Float64]:
    """Every measure of :data:`MEASURES`, (T,) each.

    Args:
        contours: in pixels.
        midline: (T, 41, 2), pixels; NaN where unknown.
        pixel_mm: size of a pixel, mm.
        port_mm: (T,), distances by :func:`velum_gap`, mm.
    """
    lines = {name: contours.of(name).astype(np.float64) * pixel_mm for name in CONTOURS}
    count = len(contours.points)
    middle = midline * pixel_mm
    result = {name: np.full(count, np.nan) for name in MEASURES}
    for frame in range(count):
        here = {name: line[frame] for name, line in lines.items() if np.isfinite(line[frame]).all()}
        for name, value in _distances(here, middle[frame]).items():
            result[name][frame] = value
    result.update(_positions(lines, middle))
    result["velum_mm"] = np.where(port_mm < TOUCH_MM, 0.0, port_mm)
    return result


def _distances(lines: Mapping[str, Float64], middle: Float64) -> dict[str, float]:
    tongue, wall = lines.get("tongue"), lines.get("pharyngeal_wall")
    roof, upper = lines.get("palate_and_velum"), lines.get("upper_lip")
    found: dict[str, float] = {}
    if upper is not None and "lower_lip" in lines:
        found["lip_aperture_mm"] = _nearest([lines["lower_lip"]], [upper])[0]
    if tongue is not None and roof is not None:
        above = [roof] if upper is None else [roof, upper]
        found["tongue_tip_mm"], place = _nearest([tongue[_TIP]], above)
        found["tongue_tip_at"] = _share(place, middle)
    if tongue is not None and roof is not None and wall is not None:
        found["tongue_body_mm"], place = _nearest([tongue[_BODY]], [roof, wall])
        found["tongue_body_at"] = _share(place, middle)
    if tongue is not None and wall is not None:
        front = [tongue[_ROOT], *([lines["epiglottis"]] if "epiglottis" in lines else [])]
        found["pharynx_mm"] = _nearest(front, [wall])[0]
    return found


def velum_gap(probabilities: Floating) -> float:
    """Smallest distance between the outlines of velum and pharyngeal wall, pixels, from probabilities (C, H, W)."""
    velum, wall = (class_outline(probabilities, [_NUMBER[name]], 4.0) for name in ("velum", "pharyngeal_wall"))
    if velum is None or wall is None:
        return float("nan")
    return _nearest([velum[0]], [wall[0]])[0]


def _nearest(ones: Sequence[Float64], others: Sequence[Float64]) -> tuple[float, Float64]:
    """Smallest distance of two sets of lines, and the middle between the points that have it."""
    one, other = (np.concatenate([_dense(line) for line in lines]) for lines in (ones, others))
    distances, numbers = cKDTree(other).query(one)
    least = int(distances.argmin())
    return float(distances[least]), 0.5 * (one[least] + other[numbers[least]])


def _dense(line: Float64) -> Float64:
    """A line with two points more between any two."""
    steps = np.diff(line, axis=0)
    parts = [line[:-1] + share * steps for share in (0.0, 1 / 3, 2 / 3)]
    return np.concatenate([np.stack(parts, axis=1).reshape(-1, 2), line[-1:]])


def _share(place: Float64, middle: Float64) -> float:
    """Percent of the tract, from the glottis, at which a place lies; NaN without a midline."""
    if not np.isfinite(middle).all():
        return float("nan")
    steps = np.diff(middle, axis=0)
    along = np.einsum("ij,ij->i", place - middle[:-1], steps) / np.maximum(np.einsum("ij,ij->i", steps, steps), 1e-12)
    along = along.clip(0.0, 1.0)
    off = np.hypot(*(middle[:-1] + along[:, None] * steps - place).T)
    at = int(off.argmin())
    return float(100.0 * (at + along[at]) / len(steps))


def _positions(lines: Mapping[str, Float64], middle: Float64) -> dict[str, Float64]:
    """Measures along and across the line from the top of the pharyngeal wall to the ridge behind the upper teeth."""
    found: dict[str, Float64] = {}
    ridge, rear = (_median(lines[name][:, -1]) for name in ("palate_and_velum", "pharyngeal_wall"))
    if not (np.isfinite(ridge).all() and np.isfinite(rear).all()):
        return found
    forward = (ridge - rear) / max(float(np.hypot(*(ridge - rear))), 1e-9)
    # Downwards in the frame, whichever way the face looks.
    down = np.array([-forward[1], forward[0]])
    down = down if down[1] > 0 else -down
    lips = 0.5 * (lines["upper_lip"][:, -1] + lines["lower_lip"][:, -1])
    found["lip_protrusion_mm"] = (lips - ridge) @ forward
    found["jaw_mm"] = (lines["lower_lip"][:, 0] - ridge) @ down
    height = -(middle[:, 0] @ down)
    found["larynx_cm"] = (height - np.nanmean(height)) / 10.0 if np.isfinite(height).any() else height
    return found


def _median(points: Float64) -> Float64:
    known = points[np.isfinite(points).all(axis=1)]
    return np.median(known, axis=0) if len(known) else np.full(2, np.nan)
