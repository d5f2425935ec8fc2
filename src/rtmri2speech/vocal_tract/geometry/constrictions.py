"""Constrictions and positions of articulators in millimeters, frame by frame, from contours.

All are distances between contours of :mod:`rtmri2speech.vocal_tract.contours`, or places of their points; none depends
on areas or acoustics. NaN where a contour that is needed is missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.geometry.nearest import dense, gap, nearest
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
    middle = midline * pixel_mm
    found = {**_distances(lines, middle), **_positions(lines, middle)}
    found["velum_mm"] = np.where(port_mm < TOUCH_MM, 0.0, port_mm)
    missing = np.full(len(middle), np.nan)
    return {name: found.get(name, missing) for name in MEASURES}


def _distances(lines: Mapping[str, Float64], middle: Float64) -> dict[str, Float64]:
    there = {name: np.asarray(np.isfinite(line).all(axis=(1, 2))) for name, line in lines.items()}
    # A line that is there in part is not there.
    whole = {name: np.where(there[name][:, None, None], line, np.nan) for name, line in lines.items()}
    tongue = whole["tongue"]
    tip, body, root = (dense(tongue[:, part]) for part in (_TIP, _BODY, _ROOT))
    fine = {name: dense(line) for name, line in whole.items()}
    roof, wall, upper = (fine[name] for name in ("palate_and_velum", "pharyngeal_wall", "upper_lip"))
    found: dict[str, Float64] = {}
    found["lip_aperture_mm"], _ = nearest(fine["lower_lip"], upper)
    # The upper lip and the epiglottis are more to come near to; the others have to be there.
    at_tip = nearest(tip, np.concatenate([roof, upper], axis=1))
    at_body = nearest(body, np.concatenate([roof, wall], axis=1))
    for name, (distance, place), needed in (
        ("tongue_tip", at_tip, there["palate_and_velum"]),
        ("tongue_body", at_body, there["palate_and_velum"] & there["pharyngeal_wall"]),
    ):
        found[f"{name}_mm"] = np.where(needed, distance, np.nan)
        found[f"{name}_at"] = np.where(needed, _share(place, middle), np.nan)
    pharynx, _ = nearest(np.concatenate([root, fine["epiglottis"]], axis=1), wall)
    found["pharynx_mm"] = np.where(there["tongue"], pharynx, np.nan)
    return found


def velum_gap(probabilities: Floating) -> float:
    """Smallest distance between the outlines of velum and pharyngeal wall, pixels, from probabilities (C, H, W)."""
    velum, wall = (class_outline(probabilities, [_NUMBER[name]], 4.0) for name in ("velum", "pharyngeal_wall"))
    return float("nan") if velum is None or wall is None else gap(velum[0], wall[0])


def _share(place: Float64, middle: Float64) -> Float64:
    """Percent of the tract, from the glottis, at which places (T, 2) lie, (T,); NaN without a midline (T, 41, 2)."""
    result = np.full(len(place), np.nan)
    known = np.flatnonzero(np.isfinite(middle).all(axis=(1, 2)) & np.isfinite(place).all(axis=1))
    point, start, steps = place[known, None], middle[known, :-1], np.diff(middle[known], axis=1)
    along = ((point - start) * steps).sum(axis=-1) / np.maximum((steps**2).sum(axis=-1), 1e-12)
    along = along.clip(0.0, 1.0)
    off = start + along[..., None] * steps - point
    at = np.hypot(off[..., 0], off[..., 1]).argmin(axis=1)
    result[known] = 100.0 * (at + along[np.arange(len(known)), at]) / steps.shape[1]
    return result


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
