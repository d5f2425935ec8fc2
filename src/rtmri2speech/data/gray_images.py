"""Single images as gray frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.dicom import DICOM_SUFFIXES, read_dicom_frame
from rtmri2speech.errors import MediaError

IMAGE_SUFFIXES = (".png", ".pgm", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", *DICOM_SUFFIXES)
"""Endings of images that are read."""


def read_gray_image(path: Path) -> UInt8 | NDArray[np.uint16]:
    """Gray values (h, w) of an image as it is shown: uint8, or uint16 where it has more than 8 bits.

    Raises:
        MediaError: when it cannot be read, as while it is being written.
    """
    if path.suffix.lower() in DICOM_SUFFIXES:
        frame: UInt8 | NDArray[np.uint16] = read_dicom_frame(path)
        return frame
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        reason = str(error).split("'")[0].strip() or type(error).__name__
        raise MediaError(f"{path}: not an image that can be read ({reason}).", "Export it again, as PNG.") from None
    if upright.mode.startswith("I"):
        values = np.asarray(upright)
        if values.min() >= 0 and values.max() <= np.iinfo(np.uint16).max:
            return values.astype(np.uint16)
        raise MediaError(f"{path}: gray values beyond 16 bits.", "Export it as PNG with 8 or 16 bits.")
    if upright.mode == "F":
        raise MediaError(f"{path}: gray values that are not whole numbers.", "Export it as PNG with 8 or 16 bits.")
    return np.asarray(upright.convert("L"))
