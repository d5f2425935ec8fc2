"""Curves as fixed linear maps of their points, so that a smooth movement of the points is one of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Layers = list[tuple[int, Floats]]
"""Polygons of N instants, (N, P, 2) in cm, with their codes, in the order of painting."""

Shapes = list[tuple[int, Floats]]
"""The same of what never moves, (P, 2)."""


@lru_cache(maxsize=64)
def _open_matrix(points: int, steps: int) -> Floats:
    """Uniform quadratic B-spline from the first to the last of ``points``: (1 + steps * (points - 1), points).

    It touches the middle of every side of the polygon, stays inside its hull, and never overshoots.
    """
    count = steps * (points - 1)
    rows = np.zeros((count + 1, points))
    for row in range(count + 1):
        # Span k lies around point k, from middle to middle; the first and the last side end at their points.
        place = row / steps
        k = min(max(round(place), 0), points - 1)
        t = place - k + 0.5
        weights = (0.5 * (1 - t) ** 2, 0.5 + t * (1 - t), 0.5 * t**2)
        if k == 0 or k == points - 1:
            left = min(int(place), points - 2)
            rows[row, left] += 1 - (place - left)
            rows[row, left + 1] += place - left
        else:
            rows[row, k - 1 : k + 2] += weights
    return rows


@lru_cache(maxsize=64)
def _closed_matrix(points: int, steps: int) -> Floats:
    rows = np.zeros((steps * points, points))
    for row in range(steps * points):
        place = row / steps
        k = round(place)
        t = place - k + 0.5
        for offset, weight in zip((-1, 0, 1), (0.5 * (1 - t) ** 2, 0.5 + t * (1 - t), 0.5 * t**2), strict=True):
            rows[row, (k + offset) % points] += weight
    return rows


def smooth(points: Floats, steps: int = 3) -> Floats:
    """A smooth curve that begins at the first and ends at the last of ``points``: (..., P, 2) to (..., Q, 2)."""
    return np.asarray(_open_matrix(points.shape[-2], steps) @ points)


def smooth_closed(points: Floats, steps: int = 4) -> Floats:
    """A smooth closed curve around the polygon ``points``: (..., P, 2) to (..., Q, 2)."""
    return np.asarray(_closed_matrix(points.shape[-2], steps) @ points)


def normals(curve: Floats) -> Floats:
    """Unit normals to the left of an open curve's direction, same shape as ``curve`` (..., P, 2)."""
    along = np.gradient(curve, axis=-2)
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    length = np.sqrt((across**2).sum(axis=-1, keepdims=True))
    return np.asarray(across / np.maximum(length, 1e-9))


def offset(curve: Floats, distance: float | Floats) -> Floats:
    """The curve moved to its left by ``distance`` cm, a number or (P,)."""
    return np.asarray(curve + normals(curve) * np.asarray(distance)[..., None])


def inset(outline: Floats, distance: float | Floats) -> Floats:
    """A closed curve (P, 2) moved inwards by ``distance`` cm, a number or (P,); outwards when negative."""
    x, y = outline.T
    clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1) * (-1.0 if clockwise else 1.0)
    across /= np.maximum(np.sqrt((across**2).sum(axis=-1, keepdims=True)), 1e-9)
    return np.asarray(outline + across * np.asarray(distance)[..., None])


def mix(a: Floats, b: Floats, share: float) -> Floats:
    """The point at ``share`` of the way from ``a`` to ``b``."""
    return np.asarray(a + share * (b - a))


def moved(points: Floats, x: float, y: float) -> Floats:
    """All points, (..., 2), by (x, y) cm."""
    return np.asarray(points + np.array((x, y)))


def joined(count: int, *pieces: Floats | Sequence[Floats | Sequence[float]]) -> Floats:
    """One polygon of ``count`` instants, (N, Q, 2), from moving pieces (N, P, 2) and fixed ones (P, 2), in order."""
    arrays = [np.asarray(piece, np.float64) for piece in pieces]
    return np.concatenate([np.broadcast_to(a, (count, *a.shape[-2:])) for a in arrays], axis=1)
