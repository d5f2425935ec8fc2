"""Files of a widening: all arrays in ``<name>_widening.npz``, and tables."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.widening.of_formants import entries_of
from rtmri2speech.analysis.widening.result import ARTICULATORS, UNIT, Widening
from rtmri2speech.data.files import replacing
from rtmri2speech.data.tables import write_table
from rtmri2speech.errors import DatasetError
from rtmri2speech.vocal_tract.geometry.bounding import Bounding

KIND, SCHEMA = "widening", 1
"""Of the file."""

SUFFIX = "_widening"
"""What is added to the name of a recording."""

COLUMNS = (
    *("frame", "time_s", "formant", "formant_hz", "section"),
    *("model", "own_frame", "held", "tract_model", "tube", "tube_low", "tube_high"),
)
WALL_COLUMNS = (
    *("frame", "time_s", "formant", *ARTICULATORS),
    *(f"{wall}_{what}" for wall in ARTICULATORS for what in ("tube", "tube_low", "tube_high")),
)
SEGMENT_COLUMNS = ("segment", "tokens", "formant", "section", "model", "own_frame", "held", "tract_model", "tube")

_ARRAYS = ("formants", "targets", "gain", "model", "tube", "tube_range", "points", "contours", "midline")
_OPTIONAL = ("own", "held", "tract_model", "tube_walls", "tube_walls_range")
_DIGITS = 6


def write_widening(folder: Path, widening: Widening) -> list[Path]:
    """Write arrays and tables; the files, the arrays' first.

    Raises:
        UserError: when they cannot be written.
    """
    stem = f"{widening.name}{SUFFIX}"
    entries = {
        **entries_of(widening, KIND, SCHEMA, _ARRAYS, _OPTIONAL),
        "unit": UNIT,
        "width_hz": widening.width_hz,
    }
    if widening.bounding is not None:
        entries["bounding_share"] = widening.bounding.share.astype(np.float32)
        entries["bounding_section"] = widening.bounding.section.astype(np.int8)
    with replacing(folder / f"{stem}.npz") as file:
        np.savez_compressed(file, **entries)
    files = [
        folder / f"{stem}.npz",
        write_table(folder / f"{stem}.csv", COLUMNS, widening.rows(), _DIGITS),
        write_table(folder / f"{stem}_walls.csv", WALL_COLUMNS, widening.wall_rows(), _DIGITS),
    ]
    if widening.segments:
        table = folder / f"{stem}_segments.csv"
        files.append(write_table(table, SEGMENT_COLUMNS, widening.segment_rows(), _DIGITS))
    return files


def read_widening(path: str | Path) -> Widening:
    """What :func:`write_widening` wrote, without segments.

    Raises:
        DatasetError: when the file is missing, damaged, of another kind, or of a later version.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if "kind" not in arrays or str(arrays["kind"]) != KIND:
                raise ValueError("of another kind")
            if int(arrays["schema"]) > SCHEMA:
                raise ValueError(f"of version {int(arrays['schema'])}, this program reads {SCHEMA}")
            rate = arrays["frame_rate"]
            return Widening(
                name=str(arrays["name"]),
                video=str(arrays["video"]),
                frame_rate=Fraction(int(rate[0]), int(rate[1])),
                names=tuple(arrays["names"].tolist()),
                source_frames=arrays["source_frames"],
                pixel_mm=float(arrays["pixel_mm"]),
                width_hz=float(arrays["width_hz"]),
                notes=tuple(arrays["notes"].tolist()),
                bounding=_bounding_in(arrays),
                **{name: arrays[name].astype(np.float64) for name in (*_ARRAYS, *_OPTIONAL) if name in arrays},
            )
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, ZeroDivisionError) as error:
        raise DatasetError(f"{path}: no file of analyze widening ({error}).", "Run it on the video again.") from None


def video_of(path: str | Path) -> Path | None:
    """The video that a file is of, as its name was then; None where the file does not say."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Path(str(arrays["video"])) if "video" in arrays else None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _bounding_in(arrays: Any) -> Bounding | None:
    """Which sections points bound; None in a file of an early version."""
    if "bounding_section" not in arrays:
        return None
    return Bounding(arrays["bounding_section"].astype(np.int64), arrays["bounding_share"].astype(np.float64))
