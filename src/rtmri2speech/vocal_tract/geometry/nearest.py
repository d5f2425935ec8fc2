"""Where two lines come closest: smallest distance of points along them, and the place between these."""

from __future__ import annotations

import math

import numpy as np

from rtmri2speech.arrays import Bool, Float64

# Points of a line that are looked at, per given one: two more between any two.
_SHARES = (0.0, 1 / 3, 2 / 3)
# Frames at a time, so that their distances stay in the processor's cache.
_FRAMES = 4
# Of distances in single precision, pixels.
_ROUNDING = 0.01


def dense(lines: Float64) -> Float64:
    """Lines (..., N, 2) with two points more between any two."""
    steps = np.diff(lines, axis=-2)
    result = np.empty((*lines.shape[:-2], len(_SHARES) * steps.shape[-2] + 1, 2))
    for index, share in enumerate(_SHARES):
        result[..., index : -1 : len(_SHARES), :] = lines[..., :-1, :] + share * steps
    result[..., -1, :] = lines[..., -1, :]
    return result


def nearest(ones: Float64, others: Float64) -> tuple[Float64, Float64]:
    """Smallest distances (T,) of points (T, N, 2) and (T, M, 2), and the middles (T, 2) between those that have them.

    A point that is not finite is far from everything; distances and middles are NaN where no point is left.
    """
    count = len(ones)
    distance, middle = np.full(count, np.nan), np.full((count, 2), np.nan)
    if 0 in (ones.shape[1], others.shape[1]):
        return distance, middle
    # About a common center, so that squares stay small.
    known: Bool = np.asarray(np.isfinite(others).all(axis=-1))
    center = np.where(known[..., None], others, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]
    left, right = _factors(ones - center[:, None], False), _factors(others - center[:, None], True)
    for first in range(0, count, _FRAMES):
        part = slice(first, first + _FRAMES)
        squares = left[part] @ right[part].transpose(0, 2, 1)
        least = squares.reshape(len(squares), -1).argmin(axis=1)
        rows = np.arange(first, first + len(squares))
        one, other = ones[rows, least // others.shape[1]], others[rows, least % others.shape[1]]
        distance[part] = np.hypot(*(one - other).T)
        middle[part] = 0.5 * (one + other)
    return distance, middle


def _factors(points: Float64, second: bool) -> Float64:
    """What gives squares of distances (N, M) of points (T, N, 2) and (T, M, 2) when multiplied, (T, N, 4)."""
    known: Bool = np.asarray(np.isfinite(points).all(axis=-1))
    there = np.where(known[..., None], points, 0.0)
    square = np.where(known, (there**2).sum(axis=-1), np.inf)
    result = np.ones((*square.shape, 4))
    result[..., :2] = -2.0 * there if second else there
    result[..., 2 if second else 3] = square
    return result


def gap(one: Float64, other: Float64) -> float:
    """Smallest distance of two lines (N, 2) and (M, 2), both with two points more between any two.

    Only pieces of the lines are looked at that can come closer than the closest of the given points: a point between
    two of them is at most half their step from the nearer one.
    """
    x, y = (np.subtract.outer(*(line[:, axis].astype(np.float32) for line in (one, other))) for axis in (0, 1))
    squares = np.square(x, out=x)
    squares += np.square(y, out=y)
    rows, columns = squares.min(axis=1), squares.min(axis=0)
    longest = sum(math.sqrt(np.square(line[1:] - line[:-1]).sum(axis=1).max(initial=0.0)) for line in (one, other))
    most = (math.sqrt(rows.min()) + 0.5 * longest + _ROUNDING) ** 2
    first, second = _pieces(one, rows <= most), _pieces(other, columns <= most)
    steps = first[:, None] - second
    return math.sqrt(float(np.square(steps).sum(axis=-1).min()))


def _pieces(line: Float64, near: Bool) -> Float64:
    """Points of the pieces of a line (N, 2) that begin or end at points that are near, (P, 2)."""
    start = np.flatnonzero(near[:-1] | near[1:])
    steps = line[start + 1] - line[start]
    return np.concatenate([line[near], *(line[start] + share * steps for share in _SHARES[1:])])
