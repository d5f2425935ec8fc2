"""Regions from the air-tissue boundaries of USC-TIMIT: contours to masks.

Lips, velum and larynx are discs about the marked points (upper and lower lip, velum, glottis). The tongue, with the
epiglottis where that is traced, is what the lower boundary encloses from its point next to the mark AVR, the floor
of the mouth, to its point next to the glottis. The first quarter of that line belongs to the tip, the last three
tenths to the root, as wedges about the tongue's center.
"""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.contours import Contours
from rtmri2speech.data.polygons import fill_polygon

CONTOUR_REGIONS = ("lips", "tongue", "tongue_tip", "tongue_body", "tongue_root", "velum", "larynx")
"""Regions that :func:`contour_masks` makes, in its order."""

# Radii about the traced points, as shares of the frame: lips and larynx, velum.
_AROUND, _AROUND_VELUM = 0.06, 0.05
# The tongue's outline from its tip to its root in three parts of the length: tip, body, root.
_TIP, _BODY = 0.25, 0.7


def contour_masks(contours: Contours, size: int) -> Bool:
    """Masks (R, S, S) of ``CONTOUR_REGIONS`` from the contours of one frame, in its pixels."""
    lower = contours["contour2"]
    floor = int(np.argmin(np.hypot(*(lower - contours["AVR"]).T)))
    # Beyond the glottis the boundary is that of the trachea.
    end = floor + int(np.argmin(np.hypot(*(lower[floor:] - contours["GLTB"]).T)))
    outline = lower[floor : end + 1]
    tongue = fill_polygon(outline, size) if len(outline) >= 3 else np.zeros((size, size), np.bool_)
    lips = _disc(contours["UL"], _AROUND, size) | _disc(contours["LL"], _AROUND, size)
    others = _disc(contours["VEL"], _AROUND_VELUM, size), _disc(contours["GLTB"], _AROUND, size)
    return np.stack([lips, tongue, *_parts_of_tongue(tongue, outline), *others])


def _parts_of_tongue(tongue: Bool, outline: Float64) -> Bool:
    """Tip, body and root, (3, S, S): wedges about the tongue's center, cut by length along its outline."""
    parts = np.zeros((3, *tongue.shape), np.bool_)
    if not tongue.any():
        return parts
    steps = np.hypot(*np.diff(outline, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
    rows, columns = np.nonzero(tongue)
    center = np.array([columns.mean(), rows.mean()]) + 0.5
    # Angles about the center, from the start of the outline in the direction it runs in.
    x, y = (outline - center).T
    onwards = np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    first = np.arctan2(y[0], x[0])

    def turned(x: Float64, y: Float64) -> Float64:
        return np.asarray((np.arctan2(y, x) - first) * onwards % (2.0 * np.pi))

    cuts = turned(*(np.interp([_TIP, _BODY, 1.0], along, side) for side in (x, y)))
    angle = turned(columns + 0.5 - center[0], rows + 0.5 - center[1])
    place = np.searchsorted(np.maximum.accumulate(cuts[:2]), angle, side="right")
    # Below, where nothing is traced, tip and root meet half-way.
    place[angle > (cuts[2] + 2.0 * np.pi) / 2.0] = 0
    parts[place, rows, columns] = True
    return parts


def _disc(point: Float64, radius: float, size: int) -> Bool:
    y, x = np.indices((size, size)) + 0.5
    return np.asarray(np.hypot(x - point[0, 0], y - point[0, 1]) <= radius * size)
