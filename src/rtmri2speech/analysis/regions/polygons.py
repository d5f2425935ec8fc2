"""Outlines of regions: drawn once for a speaker and kept as JSON, or shapes that suit most heads roughly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data import polygons
from rtmri2speech.errors import ConfigError

REST = "elsewhere"
"""What stands for the pixels of no region."""

# Region names become parts of file names, and folders go from one system to another.
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)

# Whether an outline crosses itself is looked for between any two of its sides.
_MOST_CORNERS, _MOST_IN_ALL = 2000, 20_000

# Ellipses as shares of the frame: center x and y, radii, and degrees clockwise. Taken from the mean regions of the
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


def template_masks(size: int) -> dict[str, Bool]:
    """Ellipses where a head that looks to the left has lips, tongue and its parts, velum and larynx: (S, S) each.

    They only suit a frame like the phantom's. For results, draw the speaker's own.
    """
    y, x = (np.indices((size, size)) + 0.5) / size
    masks = {}
    for name, (center_x, center_y, radius_x, radius_y, degrees) in _SHAPES.items():
        turn = np.deg2rad(degrees)
        along = (x - center_x) * np.cos(turn) + (y - center_y) * np.sin(turn)
        across = (y - center_y) * np.cos(turn) - (x - center_x) * np.sin(turn)
        masks[name] = (along / radius_x) ** 2 + (across / radius_y) ** 2 <= 1.0
    return masks


def read_polygons(path: Path, size: int) -> dict[str, Bool]:
    """Masks (S, S) of the regions in a JSON file, in the forms of :func:`rtmri2speech.data.polygons.read_polygons`.

    Raises:
        ConfigError: when the file is missing or of another form, a name cannot be part of a file name, or a polygon
            has fewer than three corners or far too many, reaches outside the image, crosses itself or covers no pixel.
    """
    drawn = polygons.read_polygons(path)
    limits = drawn.width, drawn.height
    _require_names(path, drawn.corners)
    _require_few(path, drawn.corners)
    masks = {}
    for name, corners in drawn.corners.items():
        outside = ((corners < 0) | (corners > limits)).any(axis=1)
        if outside.any():
            x, y = corners[outside][0]
            raise ConfigError(
                f"{path}: region '{name}' has a corner at ({x:g}, {y:g}), outside the image of "
                f"{drawn.width:g} x {drawn.height:g} pixels.",
                "Move the corner inside, or correct size.",
            )
        crossing = polygons.first_crossing(corners)
        if crossing is not None:
            raise ConfigError(
                f"{path}: the outline of region '{name}' crosses itself: its sides {crossing[0] + 1} and "
                f"{crossing[1] + 1} meet.",
                "Give the corners in their order around the region.",
            )
        masks[name] = drawn.fill(name, size)
        if not masks[name].any():
            raise ConfigError(f"{path}: region '{name}' covers no pixel.", "Draw it larger, or leave it out.")
    return masks


def _require_names(path: Path, names: Iterable[str]) -> None:
    """Refuse names that cannot be part of a file name on some system, or that stand for something else."""
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


def _require_few(path: Path, corners: Mapping[str, Float64]) -> None:
    total = sum(map(len, corners.values()))
    name = max(corners, key=lambda name: len(corners[name]))
    if len(corners[name]) > _MOST_CORNERS or total > _MOST_IN_ALL:
        raise ConfigError(
            f"{path}: region '{name}' has {len(corners[name])} corners, all regions together have {total}; more than "
            f"{_MOST_CORNERS} and {_MOST_IN_ALL} are not taken.",
            "Leave out corners: twenty to a region are enough, and a pixel is the finest that counts.",
        )
