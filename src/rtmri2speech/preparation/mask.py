"""Oral-cavity masks: polygons in JSON, or an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.polygons import read_polygons
from rtmri2speech.errors import ConfigError


def load_mask(path: Path, size: int) -> UInt8:
    """Read a mask, shape (size, size), uint8: 1 keeps the pixel, 0 hides it.

    In an image, pixels brighter than middle gray are kept; what is transparent counts as black. In JSON, pixels whose
    center lies in a polygon are.

    Raises:
        ConfigError: when the file is missing, not understood, or hides everything.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such mask.", "Check the spelling of `mask`.")
    mask = _from_json(path, size) if path.suffix.lower() == ".json" else _from_image(path, size)
    if not mask.any():
        raise ConfigError(f"{path}: hides every pixel.", "White, or the inside of a polygon, is what stays visible.")
    return mask


def _from_image(path: Path, size: int) -> UInt8:
    try:
        with Image.open(path) as image:
            gray = np.asarray(_ink(image).resize((size, size), Image.Resampling.BOX))
    except (UnidentifiedImageError, OSError) as error:
        raise ConfigError(f"{path}: not an image that can be read ({error}).", "Save it as PNG, or use JSON.") from None
    return (gray > 127).astype(np.uint8)


def _ink(image: Image.Image) -> Image.Image:
    """Gray values of an image on black ground, turned as cameras and editors ask for."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    if not upright.has_transparency_data:
        return upright.convert("L")
    colored = upright.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colored.size, (0, 0, 0, 255)), colored).convert("L")


def _from_json(path: Path, size: int) -> UInt8:
    drawn = read_polygons(path)
    mask = np.zeros((size, size), np.uint8)
    for name in drawn.corners:
        mask |= drawn.fill(name, size)
    return mask
