"""Curves as fixed linear maps of their points: where the points move smoothly, so does the curve."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.interpolate import BSpline

from rtmri2speech.arrays import Float64

Layers = list[tuple[int, Float64]]
"""Polygons of N instants, (N, P, 2) in cm, with their codes, in the order of painting."""

Shapes = list[tuple[int, Float64]]
"""The same of what never moves, (P, 2)."""


@lru_cache(maxsize=64)
def _open_matrix(points: int, steps: int) -> Float64:
    """Uniform quadratic B-spline from the first to the last of ``points``: (1 + steps * (points - 1), points).

    It touches the middle of every side of the polygon, stays inside its hull, and never overshoots.
    """
    matrix = _basis(np.arange(1 + steps * (points - 1)) / steps, points)[:, :-1]
    # Beyond either end lies the mirror image of the last point but one, so that the curve ends at the last one.
    matrix[:, 1:3] += matrix[:, :1] * (2, -1)
    matrix[:, -3:-1] += matrix[:, -1:] * (-1, 2)
    return matrix[:, 1:-1]


@lru_cache(maxsize=64)
def _closed_matrix(points: int, steps: int) -> Float64:
    """The same around a closed polygon: (steps * points, points)."""
    matrix = _basis(np.arange(steps * points) / steps, points)
    matrix[:, -3] += matrix[:, 0]
    matrix[:, 1:3] += matrix[:, -2:]
    return matrix[:, 1:-2]


def _basis(places: Float64, points: int) -> Float64:
    """Weights of the points -1, 0, ... ``points`` + 1 at places (n,) from 0 to ``points``: (n, ``points`` + 3)."""
    return np.asarray(BSpline.design_matrix(places, np.arange(points + 6) - 2.5, 2).toarray())


def smooth(points: Float64, steps: int = 3) -> Float64:
    """A smooth curve from the first to the last of ``points``: (..., P, 2) to (..., Q, 2)."""
    return np.asarray(_open_matrix(points.shape[-2], steps) @ points)


def smooth_closed(points: Float64, steps: int = 4) -> Float64:
    """A smooth closed curve around the polygon ``points``: (..., P, 2) to (..., Q, 2)."""
    return np.asarray(_closed_matrix(points.shape[-2], steps) @ points)


def normals(curve: Float64) -> Float64:
    """Unit normals to the left of an open curve's direction, same shape as ``curve`` (..., P, 2)."""
    along = np.gradient(curve, axis=-2)
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    length = np.sqrt((across**2).sum(axis=-1, keepdims=True))
    return np.asarray(across / np.maximum(length, 1e-9))


def offset(curve: Float64, distance: float | Float64) -> Float64:
    """The curve moved to its left by ``distance`` cm, a number or (P,)."""
    return np.asarray(curve + normals(curve) * np.asarray(distance)[..., None])


def inset(outline: Float64, distance: float | Float64) -> Float64:
    """A closed curve (P, 2) moved inwards by ``distance`` cm, a number or (P,); outwards when negative."""
    x, y = outline.T
    clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1) * (-1.0 if clockwise else 1.0)
    across /= np.maximum(np.sqrt((across**2).sum(axis=-1, keepdims=True)), 1e-9)
    return np.asarray(outline + across * np.asarray(distance)[..., None])


def mix(a: Float64, b: Float64, share: float) -> Float64:
    """The point at ``share`` of the way from ``a`` to ``b``."""
    return np.asarray(a + share * (b - a))


def moved(points: Float64, x: float, y: float) -> Float64:
    """All points, (..., 2), by (x, y) cm."""
    return np.asarray(points + np.array((x, y)))


def joined(count: int, *pieces: Float64 | Sequence[Float64 | Sequence[float]]) -> Float64:
    """One polygon of ``count`` instants, (N, Q, 2), from moving pieces (N, P, 2) and fixed ones (P, 2), in order."""
    arrays = [np.asarray(piece, np.float64) for piece in pieces]
    return np.concatenate([np.broadcast_to(a, (count, *a.shape[-2:])) for a in arrays], axis=1)
