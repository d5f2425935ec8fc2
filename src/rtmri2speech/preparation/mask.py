"""Oral-cavity masks: polygons in JSON, or an image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, UnidentifiedImageError

from rtmri2speech.errors import ConfigError

_JSON_HELP = (
    'Write {"width": 256, "height": 256, "polygons": [[[x, y], [x, y], [x, y]], ...]}: pixels of an image of that '
    "size, x to the right, y down."
)

# Polygons are drawn larger and averaged, so that their edges fall on the nearest pixel.
_OVERSAMPLING = 4


def load_mask(path: Path, size: int) -> NDArray[np.uint8]:
    """Read a mask, shape (size, size), uint8: 1 keeps the pixel, 0 hides it.

    In an image, pixels brighter than middle grey are kept. In JSON, the inside of every polygon is.

    Raises:
        ConfigError: when the file is missing, not understood, or hides everything.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such mask.", "Check the spelling of --mask.")
    mask = _from_json(path, size) if path.suffix.lower() == ".json" else _from_image(path, size)
    if not mask.any():
        raise ConfigError(f"{path}: hides every pixel.", "White, or the inside of a polygon, is what stays visible.")
    return mask


def _from_image(path: Path, size: int) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L").resize((size, size), Image.Resampling.BOX))
    except (UnidentifiedImageError, OSError) as error:
        raise ConfigError(f"{path}: not an image that can be read ({error}).", "Save it as PNG, or use JSON.") from None
    return (grey > 127).astype(np.uint8)


def _from_json(path: Path, size: int) -> NDArray[np.uint8]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        scale = np.array([size / float(values["width"]), size / float(values["height"])])
        polygons = [np.asarray(points, dtype=float) * scale for points in values["polygons"]]
        if not all(points.ndim == 2 and points.shape[1] == 2 and len(points) >= 3 for points in polygons):
            raise ValueError("a polygon needs three points or more")
        if not all(np.isfinite(points).all() for points in polygons):
            raise ValueError("a coordinate is not a number")
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ConfigError(f"{path}: polygons not understood ({error}).", _JSON_HELP) from None
    canvas = Image.new("L", (size * _OVERSAMPLING, size * _OVERSAMPLING))
    for points in polygons:
        corners = [(float(x), float(y)) for x, y in points * _OVERSAMPLING]
        ImageDraw.Draw(canvas).polygon(corners, fill=255)
    return (np.asarray(canvas.resize((size, size), Image.Resampling.BOX)) > 127).astype(np.uint8)
