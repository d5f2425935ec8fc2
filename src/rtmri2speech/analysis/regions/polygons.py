"""Outlines of regions: drawn once for a speaker and kept as JSON, or shapes that suit most heads roughly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.errors import ConfigError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

REST = "elsewhere"
"""What stands for the pixels of no region."""

# Region names become parts of file names, and folders go from one system to another.
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)

# Ellipses as shares of the picture: middle x and y, radii, and degrees clockwise. Taken from the mean regions of the
# phantom's first speaker, a man's head of 256 mm that looks to the left, and a little larger.
_SHAPES = {
    "lips": (0.185, 0.500, 0.045, 0.080, 0.0),
    "tongue": (0.370, 0.550, 0.130, 0.110, 10.0),
    "tongue_tip": (0.275, 0.545, 0.050, 0.060, 0.0),
    "tongue_body": (0.380, 0.530, 0.095, 0.090, 0.0),
    "tongue_root": (0.455, 0.625, 0.050, 0.070, 0.0),
    "velum": (0.445, 0.420, 0.085, 0.035, 20.0),
    "larynx": (0.490, 0.760, 0.060, 0.130, 0.0),
}
_REMEDY = 'Write {"size": [width, height], "regions": {"tongue": [[x, y], [x, y], [x, y], ...]}}, in pixels.'


def template_masks(size: int) -> dict[str, Mask]:
    """Ellipses where a head that looks to the left has lips, tongue and its parts, velum and larynx: (S, S) each.

    They only suit a picture framed like the phantom's. For results, draw the speaker's own.
    """
    y, x = (np.indices((size, size)) + 0.5) / size
    masks = {}
    for name, (middle_x, middle_y, radius_x, radius_y, degrees) in _SHAPES.items():
        turn = np.deg2rad(degrees)
        along = (x - middle_x) * np.cos(turn) + (y - middle_y) * np.sin(turn)
        across = (y - middle_y) * np.cos(turn) - (x - middle_x) * np.sin(turn)
        masks[name] = (along / radius_x) ** 2 + (across / radius_y) ** 2 <= 1.0
    return masks


def read_polygons(path: Path, size: int) -> dict[str, Mask]:
    """Masks (S, S) of the regions in a JSON file.

    ``{"size": [width, height], "regions": {name: [[x, y], ...]}}``: pixels of a picture of that size, from its upper
    left corner; they are scaled to S.

    Raises:
        ConfigError: when the file is missing or of another form, a name is none that a file could have, or a polygon
            has fewer than three corners, reaches outside the picture, crosses itself or covers no pixel.
    """
    width, height, regions = _read(path)
    _require_names(path, regions)
    masks = {}
    for name, value in regions.items():
        corners = _corners(path, name, value)
        if (corners < 0).any() or (corners > (width, height)).any():
            x, y = corners[((corners < 0) | (corners > (width, height))).any(axis=1)][0]
            raise ConfigError(
                f"{path}: region '{name}' has a corner at ({x:g}, {y:g}), outside the picture of "
                f"{width:g} x {height:g} pixels.",
                "Move the corner inside, or correct size.",
            )
        crossing = first_crossing(corners)
        if crossing is not None:
            raise ConfigError(
                f"{path}: the outline of region '{name}' crosses itself: its sides {crossing[0] + 1} and "
                f"{crossing[1] + 1} meet.",
                "Give the corners in their order around the region.",
            )
        masks[name] = fill_polygon(corners * (size / width, size / height), size)
        if not masks[name].any():
            raise ConfigError(f"{path}: region '{name}' covers no pixel.", "Draw it larger, or leave it out.")
    return masks


def first_crossing(corners: Floats) -> tuple[int, int] | None:
    """Numbers of two sides of a closed polygon (N, 2) that meet though they are no neighbours, or None."""
    count = len(corners)
    ends = np.roll(corners, -1, axis=0)
    for one in range(count):
        for other in range(one + 1, count):
            neighbours = other == one + 1 or (one == 0 and other == count - 1)
            if neighbours:
                if _folds_back(corners, one if other == one + 1 else other):
                    return one, other
            elif _meet(corners[one], ends[one], corners[other], ends[other]):
                return one, other
    return None


def fill_polygon(corners: Floats, size: int) -> Mask:
    """Pixels (S, S) whose middle lies in a polygon (N, 2) of x and y, where (0, 0) is the picture's corner.

    A ray from the middle to the right crosses the outline an odd number of times.
    """
    middle = np.arange(size) + 0.5
    inside = np.zeros((size, size), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.flatnonzero((middle >= min(y0, y1)) & (middle < max(y0, y1)))
        if len(rows):
            meets = x0 + (middle[rows] - y0) * (x1 - x0) / (y1 - y0)
            inside[rows] ^= middle[None] < meets[:, None]
    return inside


def _read(path: Path) -> tuple[float, float, Mapping[str, Any]]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        width, height = (float(value) for value in values["size"])
        regions = values["regions"]
        if not isinstance(regions, dict) or not regions or min(width, height) <= 0:
            raise ValueError("no regions, or no size")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file of regions.", "Check the spelling of the path.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a file of regions ({error}).", _REMEDY) from None
    return width, height, regions


def _require_names(path: Path, names: Iterable[str]) -> None:
    """Refuse names that are no part of a file name on some system, or that stand for something else."""
    seen: dict[str, str] = {}
    for name in names:
        problem, twin = None, seen.setdefault(name.casefold(), name)
        if not name.strip():
            problem = "is empty"
        elif (wrong := _NOT_IN_NAMES.search(name)) is not None:
            problem = f"holds {wrong[0]!r}, which file names cannot hold everywhere"
        elif name != name.strip() or name.endswith(".") or name.startswith("."):
            problem = "begins or ends with a space or a dot"
        elif _OF_WINDOWS.fullmatch(name):
            problem = "is the name of a device on Windows"
        elif name.casefold() == REST:
            problem = f"is what the pixels of no region are called ({REST})"
        elif twin != name:
            problem = f"differs from '{twin}' in capital letters only"
        if problem is not None:
            raise ConfigError(f"{path}: the name {name!r} of a region {problem}.", "Call it otherwise: tongue_tip.")


def _corners(path: Path, name: str, value: Any) -> Floats:
    try:
        corners = np.array(value, np.float64)
    except (ValueError, TypeError):
        corners = np.zeros(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise ConfigError(f"{path}: region '{name}' is not a list of three corners or more.", _REMEDY)
    return corners


def _cross(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _meet(a: Floats, b: Floats, c: Floats, d: Floats) -> bool:
    """Whether the segments ab and cd have a point in common."""
    turns = _cross(a, b, c), _cross(a, b, d), _cross(c, d, a), _cross(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((turns[0], a, b, c), (turns[1], a, b, d), (turns[2], c, d, a), (turns[3], c, d, b))
    return any(turn == 0 and bool(_between(start, end, point)) for turn, start, end, point in ends)


def _between(start: Floats, end: Floats, point: Floats) -> bool:
    return bool(((point >= np.minimum(start, end)) & (point <= np.maximum(start, end))).all())


def _folds_back(corners: Floats, side: int) -> bool:
    """Whether the side after ``side`` runs back along it."""
    a, b, c = (corners[(side + step) % len(corners)] for step in range(3))
    return _cross(a, b, c) == 0 and float(np.dot(a - b, c - b)) > 0
