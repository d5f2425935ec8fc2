"""Polygons drawn on a frame: read from JSON in either of two forms, and filled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.errors import ConfigError

_REMEDY = (
    'Write {"size": [width, height], "regions": {"tongue": [[x, y], [x, y], [x, y], ...]}}, or without names '
    '{"width": 256, "height": 256, "polygons": [[[x, y], [x, y], [x, y]], ...]}: pixels of an image of that size, '
    "x to the right, y down."
)


@dataclass(frozen=True)
class Polygons:
    """Closed polygons on an image.

    Attributes:
        width, height: of the image that they were drawn on, pixels.
        corners: (N, 2) x and y from the image's upper left corner, by name.
    """

    width: float
    height: float
    corners: Mapping[str, Float64]

    def fill(self, name: str, size: int) -> Bool:
        """Pixels (S, S) of one polygon on a frame of S x S pixels that shows the whole image."""
        return fill_polygon(self.corners[name] * (size / self.width, size / self.height), size)


def read_polygons(path: Path) -> Polygons:
    """Read polygons.

    ``{"size": [width, height], "regions": {name: [[x, y], ...]}}`` has names. In
    ``{"width": width, "height": height, "polygons": [[[x, y], ...], ...]}`` they are ``polygon1``, ``polygon2``, ...

    Raises:
        ConfigError: when the file is missing or of another form, or a polygon has fewer than three corners.
    """
    try:
        values = json.loads(path.read_bytes())
        if "polygons" in values:
            width, height = float(values["width"]), float(values["height"])
            named = {f"polygon{number}": value for number, value in enumerate(values["polygons"], start=1)}
        else:
            width, height = (float(value) for value in values["size"])
            named = dict(values["regions"])
            if not named:
                raise ValueError("no regions")
        if not (0 < width < np.inf and 0 < height < np.inf):
            raise ValueError("the size of the image is not above 0")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file of polygons.", "Check the spelling of the path.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{path}: polygons not understood ({error}).", _REMEDY) from None
    return Polygons(width, height, {name: _corners(path, name, value) for name, value in named.items()})


def _corners(path: Path, name: str, value: Any) -> Float64:
    try:
        corners = np.array(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        corners = np.zeros(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise ConfigError(
            f"{path}: polygons not understood ('{name}' is not a list of three corners or more).", _REMEDY
        )
    return corners


def fill_polygon(corners: Float64, size: int) -> Bool:
    """Pixels (S, S) whose center lies in a polygon (N, 2) of x and y, where (0, 0) is the frame's corner.

    A ray from the center to the right crosses the outline an odd number of times. (Not Pillow's ``ImageDraw``, which
    also fills every pixel that the outline touches: a region would be half a pixel too large on all sides.)
    """
    center = np.arange(size) + 0.5
    inside = np.zeros((size, size), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.flatnonzero((center >= min(y0, y1)) & (center < max(y0, y1)))
        if len(rows):
            meets = x0 + (center[rows] - y0) * (x1 - x0) / (y1 - y0)
            inside[rows] ^= center[None] < meets[:, None]
    return inside


def first_crossing(corners: Float64) -> tuple[int, int] | None:
    """Numbers of two sides of a closed polygon (N, 2) that meet though they are not neighbors, or None.

    Neighbors count where the second one runs back along the first.
    """
    start, end = corners, np.roll(corners, -1, axis=0)
    # [i, j]: on which side of line i the start and the end of side j lie; 0 is on it.
    to_start, to_end = _turn(start[:, None], end[:, None], start), _turn(start[:, None], end[:, None], end)
    across = to_start * to_end < 0
    low, high = np.minimum(start, end)[:, None], np.maximum(start, end)[:, None]
    touches = ((to_start == 0) & ((start >= low) & (start <= high)).all(axis=2)) | (
        (to_end == 0) & ((end >= low) & (end <= high)).all(axis=2)
    )
    meets = (across & across.T) | touches | touches.T
    after = np.roll(end, -1, axis=0)
    folds = (_turn(start, end, after) == 0) & (((start - end) * (after - end)).sum(axis=1) > 0)
    side = np.arange(len(corners))
    following = np.roll(side, -1)
    meets[side, following] = meets[following, side] = folds
    found = np.argwhere(np.triu(meets, k=1))
    return (int(found[0, 0]), int(found[0, 1])) if len(found) else None


def _turn(a: Float64, b: Float64, c: Float64) -> Float64:
    """Twice the signed area of the triangle abc, (..., 2) each: 0 where the three points are in line."""
    (ux, uy), (vx, vy) = np.moveaxis(b - a, -1, 0), np.moveaxis(c - a, -1, 0)
    return np.asarray(ux * vy - uy * vx)
