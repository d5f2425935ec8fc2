"""The file of a measured tract, ``<name>_tract.npz``: every array, and what they are."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import numpy as np

from rtmri2speech.arrays import Float32, Float64, Floating
from rtmri2speech.data.files import replacing
from rtmri2speech.errors import DatasetError
from rtmri2speech.version import __version__
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract
from rtmri2speech.vocal_tract.segmentation import PixelSource

KIND, SCHEMA = "tract", 1
"""Of the file."""

FILE_SUFFIX = "_tract.npz"
"""What is added to the name of a recording."""

ARRAYS: Mapping[str, tuple[tuple[int, ...], str]] = {
    "midline": ((SECTIONS + 1, 2), "px"),
    "distance": ((SECTIONS,), "mm"),
    "distance_range": ((SECTIONS, 2), "mm"),
    "area": ((SECTIONS,), "cm2"),
    "area_range": ((SECTIONS, 2), "cm2"),
    "length": ((), "cm"),
    "closed": ((SECTIONS,), ""),
    "formants": ((FORMANTS,), "Hz"),
    "formant_range": ((FORMANTS, 2), "Hz"),
    "bandwidths": ((FORMANTS,), "Hz"),
    "sensitivity": ((FORMANTS, SECTIONS), ""),
    "confidence": ((), ""),
}
"""Shape per frame and unit of each array, but for measures: these have their own names, which say their units."""

_TEXTS = ("name", "pixel_source", "area_model", "video_sha256", "model_sha256")
# Files of earlier versions have none of these.
_CLOCK = ("label_lead", "label_seconds")
_DAMAGE = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, EOFError),
    *(zipfile.BadZipFile, zlib.error),
)
_AGAIN = "Run tract on the video again."


def write_tract(path: Path, tract: Tract) -> Path:
    """Write all that is known of a tract in one step, numbers as float32; return ``path``.

    Raises:
        UserError: when it cannot be written.
    """
    rate = tract.frame_rate
    arrays = {**{name: getattr(tract, name) for name in ARRAYS}, **tract.measures}
    entries: dict[str, Any] = {
        "kind": KIND,
        "schema": SCHEMA,
        "program": f"rtmri2speech {__version__}",
        **{name: getattr(tract, name) for name in _TEXTS},
        "frame_rate": [rate.numerator, rate.denominator],
        "pixel_mm": tract.pixel_mm,
        **{name: getattr(tract, name) for name in _CLOCK},
        "time_s": tract.times,
        **{name: values if values.dtype == np.bool_ else values.astype(np.float32) for name, values in arrays.items()},
        "units": [f"{name}: {unit}" for name, (_, unit) in ARRAYS.items() if unit],
        "contours": tract.contours.points.astype(np.float32),
        "contour_names": CONTOURS,
        # An array without entries has no type of text.
        "notes": np.array(tract.notes, np.str_),
    }
    with replacing(path) as file:
        np.savez_compressed(file, **entries)
    return path


def read_tract(path: str | Path) -> Tract:
    """What :func:`write_tract` wrote.

    Measures and contours that the file lacks are NaN; those of names that are not known are left out.

    Raises:
        DatasetError: when the file is missing, damaged, of another kind, or of a later version.
    """
    if Path(path).exists() and not zipfile.is_zipfile(path):
        what = "a folder" if Path(path).is_dir() else "no file of tract, or cut short"
        raise DatasetError(f"{path}: {what}.", "Give NAME_tract.npz, as tract writes it, or run tract again.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if "kind" not in arrays or str(arrays["kind"]) != KIND:
                raise ValueError("of another kind")
            if int(arrays["schema"]) > SCHEMA:
                raise ValueError(f"of version {int(arrays['schema'])}, this program reads {SCHEMA}")
            return _tract_in(arrays)
    except FileNotFoundError:
        raise DatasetError(f"{path}: there is no such file.", "Check the spelling of the path.") from None
    except _DAMAGE as error:
        raise DatasetError(f"{path}: no file of tract ({error}).", _AGAIN) from None


def _tract_in(arrays: Any) -> Tract:
    found = {name: _of_shape(name, shape, arrays) for name, (shape, _) in ARRAYS.items()}
    count = len(found["confidence"])
    # A later version may measure more, an earlier one less.
    measures = {name: _of_shape(name, (), arrays) if name in arrays else np.full(count, np.nan) for name in MEASURES}
    if any(len(values) != count for values in (*found.values(), *measures.values())):
        raise ValueError("arrays of different lengths")
    texts = {name: str(arrays[name]) for name in _TEXTS}
    if texts["pixel_source"] not in get_args(PixelSource):
        raise ValueError(f"'pixel_source' is '{texts['pixel_source']}'")
    rate, pixel = Fraction(*map(int, arrays["frame_rate"])), float(arrays["pixel_mm"])
    if rate <= 0:
        raise ValueError("a frame rate of 0")
    values: dict[str, Any] = {
        **texts,
        **{name: float(arrays[name]) for name in _CLOCK if name in arrays},
        **{name: array.astype(np.float64) for name, array in found.items()},
        "closed": found["closed"].astype(np.bool_),
        "confidence": found["confidence"].astype(np.float32),
        "measures": {name: array.astype(np.float64) for name, array in measures.items()},
    }
    return Tract(
        **values,
        frame_rate=rate,
        pixel_mm=pixel,
        contours=Contours(_contours_in(arrays, count), rate, pixel if np.isfinite(pixel) else None),
        notes=tuple(str(note) for note in arrays["notes"]),
    )


def _of_shape(name: str, shape: tuple[int, ...], arrays: Any) -> Floating:
    """An array with an entry of a given shape per frame."""
    values: Floating = arrays[name]
    if values.ndim == 0 or values.shape[1:] != shape or values.dtype.kind not in "fb":
        raise ValueError(f"'{name}' is of shape {values.shape} and type {values.dtype}")
    return values


def _contours_in(arrays: Any, count: int) -> Float64:
    points: Float32 = arrays["contours"]
    names = [str(name) for name in arrays["contour_names"]]
    if points.ndim != 4 or points.shape[:2] != (count, len(names)) or points.shape[3] != 2:
        raise ValueError(f"'contours' is of shape {points.shape}")
    result = np.full((count, len(CONTOURS), *points.shape[2:]), np.nan)
    for index, name in enumerate(CONTOURS):
        if name in names:
            result[:, index] = points[:, names.index(name)]
    return result
