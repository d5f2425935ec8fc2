"""A tract as a Matlab file: one struct with every array, its units, and the contours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.data.files import replacing
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.measurement.tract import Tract

UNITS: Mapping[str, str] = {
    "frame_rate": "1/s",
    "time": "s, middles of the frames",
    "pixel_mm": "mm",
    "midline": "T x 41 x 2, pixels, x and y",
    "distance": "T x 40, mm",
    "distance_range": "T x 40 x 2, mm, bounds of the 90 % interval",
    "area": "T x 40, cm2",
    "area_range": "T x 40 x 2, cm2, bounds of the 90 % interval",
    "length": "T x 1, cm",
    "closed": "T x 40",
    "measures": "T x 1 each, mm; larynx_cm in cm; _at in percent from glottis to lips",
    "formants": "T x 4, Hz",
    "formant_range": "T x 4 x 2, Hz, bounds of the 90 % interval",
    "bandwidths": "T x 4, Hz",
    "sensitivity": "T x 4 x 40, (dF/F) / (dA/A)",
    "confidence": "T x 1, 0 to 1",
    "contours": "T x points x 2 each, pixels, x and y",
    "label_lead": "s, from time 0 of an annotation, which is that of the sound, to the first frame",
    "label_seconds": "s, length of what is annotated",
}
"""Of the struct's fields, as its field ``units`` holds them. Sections run from glottis to lips."""


def write_matlab(path: Path, tract: Tract) -> Path:
    """Write a tract as the struct ``tract`` of a Matlab file (version 5) and return ``path``.

    Text is char, lists of text are cell arrays, what has one value per frame is a column, and NaN is what is unknown.

    Raises:
        UserError: when it cannot be written.
    """
    from scipy.io import savemat

    with replacing(path) as file:
        savemat(file, {"tract": _struct(tract)}, long_field_names=True, do_compression=True, oned_as="column")
    return path


def _struct(tract: Tract) -> dict[str, Any]:
    return {
        "name": tract.name,
        "frame_rate": float(tract.frame_rate),
        "time": tract.times,
        "pixel_mm": float(tract.pixel_mm),
        "pixel_source": tract.pixel_source,
        "midline": tract.midline,
        "distance": tract.distance,
        "distance_range": tract.distance_range,
        "area": tract.area,
        "area_range": tract.area_range,
        "length": tract.length,
        "closed": tract.closed,
        "measures": {name: tract.measures[name] for name in MEASURES},
        "formants": tract.formants,
        "formant_range": tract.formant_range,
        "bandwidths": tract.bandwidths,
        "sensitivity": tract.sensitivity,
        "confidence": tract.confidence.astype(np.float64),
        "contours": {name: tract.contours.of(name) for name in CONTOURS},
        "notes": _cells(tract.notes),
        "area_model": tract.area_model,
        "video_sha256": tract.video_sha256,
        "model_sha256": tract.model_sha256,
        "label_lead": tract.label_lead,
        "label_seconds": tract.label_seconds,
        "units": dict(UNITS),
    }


def _cells(texts: tuple[str, ...]) -> Any:
    """A column of cells, as Matlab has lists of text."""
    cells = np.empty((len(texts), 1), dtype=object)
    cells[:, 0] = texts
    return cells
