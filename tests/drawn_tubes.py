"""Tubes drawn as probabilities: a pharynx with a larynx below, a mouth with lips in front, a quarter circle between."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.labels import CLASSES

SIZE = 192
CENTER = (100.0, 110.0)
RADIUS = 40.0
UPRIGHT, LEVEL = 50.0, 50.0
"""Length of the straight parts below and in front of the quarter circle, pixels."""

LIP = 10.0
LENGTH = UPRIGHT + 0.5 * np.pi * RADIUS + LEVEL
"""Of the middle line, from the floor to the front of the lips."""

_NUMBER = {name: number for number, name in enumerate(CLASSES)}


def bent_tube(
    width: float, *, shift: tuple[float, float] = (0.0, 0.0), closed: tuple[float, float] | None = None
) -> Float32:
    """Probabilities (C, S, S) of a tube of constant width, bent with a known radius; pixels.

    Args:
        width: distance of its walls.
        shift: of everything, x and y.
        closed: stretch of its length, from the floor, that tongue and palate close.
    """
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    x, y = columns - CENTER[0] - shift[0], rows - CENTER[1] - shift[1]
    # Along the tube from its lower end, and across it, outwards.
    corner = (x >= 0) & (y <= 0)
    along = np.where(corner, UPRIGHT + RADIUS * np.arctan2(-y, np.maximum(x, 1e-9)), np.where(y > 0, UPRIGHT - y, 0.0))
    across = np.where(corner, np.hypot(x, y) - RADIUS, x - RADIUS)
    front = (x < 0) & (y <= 0)
    along = np.where(front, UPRIGHT + 0.5 * np.pi * RADIUS - x, along)
    across = np.where(front, -y - RADIUS, across)
    inside = _step(along) * _step(LENGTH - along)
    air = _step(0.5 * width - np.abs(across)) * inside
    if closed is not None:
        air = air * (1.0 - _step(along - closed[0]) * _step(closed[1] - along))
    near = np.abs(across) < 0.5 * width + 14.0
    lips, larynx = along > LENGTH - LIP, along < 25.0
    outer, inner = (across > 0) & near, (across <= 0) & near
    result = np.zeros((len(CLASSES), SIZE, SIZE))
    rest = (1.0 - air) * inside
    result[_NUMBER["airway"]] = air
    result[_NUMBER["upper_lip"]] = rest * (outer & lips)
    result[_NUMBER["lower_lip"]] = rest * (inner & lips)
    result[_NUMBER["larynx"]] = rest * (near & larynx)
    result[_NUMBER["pharyngeal_wall"]] = rest * (outer & ~larynx & (along < 70.0))
    result[_NUMBER["velum"]] = rest * (outer & (along >= 70.0) & (along < 105.0))
    result[_NUMBER["hard_palate"]] = rest * (outer & (along >= 105.0) & ~lips)
    result[_NUMBER["tongue"]] = rest * (inner & ~larynx & ~lips)
    result[_NUMBER["background"]] = 1.0 - result.sum(axis=0)
    return result.astype(np.float32)


def _step(distance: Float64) -> Float64:
    """1 within, 0 without, .5 at the border, over one pixel."""
    return np.asarray(np.clip(distance + 0.5, 0.0, 1.0))
