"""Arrays of a folder of maps: written in one step, block by block where they do not fit in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from rtmri2speech.arrays import Float32
from rtmri2speech.data.files import replacing


def write_array(path: Path, values: Float32) -> Path:
    """Write an array as ``.npy``.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path) as file:
        np.save(file, values)
    return path


def write_blocks(path: Path, shape: tuple[int, ...], blocks: Iterable[Float32]) -> Path:
    """Write an array of a known shape as ``.npy``, a block of rows at a time.

    Not as a memory-mapped file, for which a full disk is a bus error that ends the process.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
    return path


def write_named(path: Path, arrays: Mapping[str, Float32]) -> Path:
    """Write arrays as a compressed ``.npz``; under any names, which ``np.savez_compressed`` would not take.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, values in arrays.items():
            # A ZipInfo by name alone has no time of day, so that equal arrays are equal files.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(values, "<f4"), allow_pickle=False)
    return path


def write_gray(path: Path, values: Float32) -> Path:
    """Write gray values from 0 to 255 as an 8-bit ``.png``.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path) as file:
        Image.fromarray(np.rint(values).astype(np.uint8)).save(file, "PNG", optimize=True)
    return path


def read_gray(path: Path) -> Float32:
    """The gray values (S, S) of :func:`write_gray`."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), np.float32)
