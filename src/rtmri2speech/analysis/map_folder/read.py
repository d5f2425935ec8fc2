"""Reading a folder of maps: with cells, or of version 0.1.0, with pixels alone."""

from __future__ import annotations

import csv
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.pixels import PixelsOfCells
from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.map_folder.arrays import read_gray
from rtmri2speech.analysis.map_folder.metadata import AGAIN, rate_of, require_metadata
from rtmri2speech.analysis.map_folder.names import MEAN_ARRAY, MEAN_IMAGE, METADATA, SEGMENTS, TARGETS
from rtmri2speech.analysis.map_folder.segments import read_segments
from rtmri2speech.analysis.regions.masks import Source
from rtmri2speech.arrays import Float32
from rtmri2speech.data.files import read_object
from rtmri2speech.data.provenance import same_model
from rtmri2speech.errors import DatasetError

# Entries of the metadata that describe the maps; all others describe the model.
_OF_MAPS = frozenset(
    {"kind", "schema", "program", "video", "n_frames", "frame_rate", "pixels", "source", "method", "stride_pixels"}
    | {"target", "target_unit", "adaptive_half_width_hz", "map", "cells", "bands"}
)
# The stride of maps whose metadata do not name it, pixels.
_STRIDE = 16


def read_maps(folder: str | Path) -> Maps:
    """Everything that a folder of maps holds; pixels stay on disk until they are asked for.

    Raises:
        DatasetError: when it is no such folder, damaged, or its methods explain different videos.
    """
    first, *others = read_methods(Path(folder))
    for other in others:
        if (other.video, other.n_frames, other.frame_rate) != (first.video, first.n_frames, first.frame_rate):
            raise DatasetError(
                f"{folder}: {first.methods[0]} is of {first.video}, {other.methods[0]} of {other.video}.", AGAIN
            )
    notes = [
        f"{first.methods[0]} and {other.methods[0]} were made with different models"
        for other in others
        if not same_model(first.about, other.about)
    ]
    entries = tuple(one for each in (first, *others) for one in each)
    return replace(first, entries=entries, notes=(*first.notes, *notes))


def read_methods(folder: Path) -> list[Maps]:
    """What a folder of maps holds, one entry per method.

    Raises:
        DatasetError: when it is no such folder, or damaged.
    """
    found = sorted(folder.glob(f"*{METADATA}"))
    if not found:
        raise DatasetError(f"{folder}: holds no maps.", "Make them first: rtmri2speech analyze gradcam ... --out HERE")
    return [read_method(path) for path in found]


def read_method(metadata: Path) -> Maps:
    """The maps of one method.

    Args:
        metadata: its ``<method>_metadata.json``.

    Raises:
        DatasetError: when it is damaged, or does not fit what lies next to it.
    """
    about = read_object(metadata) or {}
    folder = metadata.parent
    try:
        require_metadata(about)
        taken, n_frames = about["source"], int(about["n_frames"])
        size = int(about["pixels"])
        maps = Maps(
            video=str(about["video"]),
            frame_rate=rate_of(metadata, about),
            size=size,
            entries=tuple(_entry(folder, about, band, n_frames, size) for band in about["bands"]),
            mean_frame=_mean_frame(folder, size),
            source=Source(taken["frames"], taken["width"], taken["height"], size, Path(str(about["video"]))),
            about={name: value for name, value in about.items() if name not in _OF_MAPS},
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{metadata}: does not fit its folder ({error}).", AGAIN) from None
    return maps.with_segments(read_segments(folder / SEGMENTS, n_frames))


def read_pixels(folder: Path, about: dict[str, Any], band: str) -> PixelsOfCells | None:
    """Maps (T, S, S) made from the cells of a band; None where there are none.

    Args:
        folder: of the maps.
        about: metadata of a method.
        band: name of a band.

    Raises:
        OSError, ValueError, zipfile.BadZipFile: when the file of cells is damaged.
    """
    path = folder / str(about.get("cells", ""))
    if not about.get("cells") or not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        cells = np.asarray(arrays[band], np.float32) if band in arrays else None
    if cells is None:
        return None
    if cells.ndim != 3 or len(cells) != about["n_frames"] or 0 in cells.shape:
        raise ValueError(f"{path.name} is of another clip")
    return PixelsOfCells(cells, int(about["pixels"]))


def _entry(folder: Path, about: dict[str, Any], band: dict[str, Any], n_frames: int, size: int) -> BandMaps:
    name = str(band["name"])
    made = read_pixels(folder, about, name)
    if made is None:
        stored: Float32 = np.load(folder / band["sequence"], mmap_mode="r")
        if stored.shape != (n_frames, size, size):
            raise ValueError(f"{band['sequence']} is of another clip")
    else:
        stored = made.cells
    first, last = band["mel_bins"]
    unit, mean = about["target_unit"], band.get("target_mean")
    return BandMaps(
        method=about["method"],
        band=Band(name, band["low_hz"], band["high_hz"], (first, last), tuple(band.get("mel_centres_hz", ()))),
        target=about["target"],
        stride=int(about.get("stride_pixels", _STRIDE)),
        size=size,
        values=_values(folder / TARGETS, f"{name} ({unit})", n_frames, math.nan if mean is None else float(mean)),
        scale=float(band["scale"]),
        stored=stored,
        in_pixels=made is None,
    )


def _values(table: Path, column: str, n_frames: int, mean: float) -> Float32:
    """A target's values; NaN where the table is gone, or a later run of another method has replaced it."""
    unknown = np.full(n_frames, np.nan, np.float32)
    try:
        with table.open(encoding="utf-8", newline="") as file:
            values = np.array([float(row[column]) for row in csv.DictReader(file)], np.float32)
    except (OSError, ValueError, KeyError, TypeError):
        return unknown
    # Two targets of one unit may have the same column.
    same = len(values) == n_frames and math.isclose(float(values.mean()), mean, rel_tol=1e-3, abs_tol=1e-30)
    return values if same else unknown


def _mean_frame(folder: Path, size: int) -> Float32:
    path = folder / MEAN_ARRAY
    mean = np.asarray(np.load(path), np.float32) if path.is_file() else read_gray(folder / MEAN_IMAGE)
    if mean.shape != (size, size):
        raise ValueError(f"the mean frame is of shape {mean.shape}")
    return mean
