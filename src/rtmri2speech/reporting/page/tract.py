"""A measured tract on a page: areas, formants, midline and contours, frame by frame on the page's clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.arrays import Float64
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.reporting.page.data import Chunk, TractData
from rtmri2speech.reporting.page.images import deflate
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.drawn import CONTOUR_COLORS, doubtful_frames, limits_of
from rtmri2speech.vocal_tract.measurement.file import read_tract
from rtmri2speech.vocal_tract.measurement.tract import Tract

POINTS = 32
"""Points of a contour."""

UNKNOWN = 65_535
"""Stands for a number that is not known."""

# Levels per unit: of cm2 and cm, of Hz, and of the page's pixels.
_PER_CM, _PER_HZ, _PER_PIXEL = 100.0, 1.0, 16.0


def tract_data(path: Path, opened: Clip, add: Callable[[bytes], Chunk]) -> tuple[TractData | None, list[str]]:
    """A clip's tract as the page takes it, or a note on why it is not shown.

    Args:
        path: ``<name>_tract.npz``.
        opened: the clip on the page's clock.
        add: keeps binary data; the number by which the page knows them.

    Raises:
        DatasetError: when the file is damaged.
    """
    tract, scan = read_tract(path), opened.scan
    same = tract.video_sha256 in ("", hash_files([scan.path]))
    if not same or len(tract.length) != scan.n_frames:
        return None, [f"{path.name} is of another video than {scan.path.name}, or of an earlier version; left out"]
    source = source_of(opened)
    frames, limits = np.asarray(source.frames), limits_of(tract)
    scale = source.size / np.array([source.width, source.height])
    shown: TractData = {
        "sections": SECTIONS,
        "contours": list(CONTOURS),
        "colors": [CONTOUR_COLORS[name] for name in CONTOURS],
        "points": POINTS,
        "unknown": UNKNOWN,
        "per_cm": _PER_CM,
        "per_pixel": _PER_PIXEL,
        "length": limits.length_cm,
        "area": limits.area_cm2,
        "f1": limits.f1_hz,
        "f2": limits.f2_hz,
        "doubtful": np.flatnonzero(doubtful_frames(tract)[frames]).tolist(),
        "data": add(deflate(_packed(tract, scale)[frames])),
    }
    return shown, []


def _packed(tract: Tract, scale: Float64) -> np.ndarray:
    """(T, N) little-endian uint16, of every frame of the tract.

    Length; area, lower and upper bound of each section, 0 where closed; frequency, lower and upper bound of each
    formant; x and y of the midline's points, and of those of each contour.
    """
    count = len(tract.length)
    bounds = np.concatenate([tract.area[..., None], tract.area_range], axis=2)
    areas = _levels(bounds, _PER_CM)
    # What is open is open, however little.
    areas[..., 0] = np.where(tract.closed, 0, np.maximum(areas[..., 0], 1))
    formants = _levels(np.concatenate([tract.formants[..., None], tract.formant_range], axis=2), _PER_HZ)
    points = tract.contours.points
    chosen = np.linspace(0, points.shape[2] - 1, POINTS).round().astype(int)
    places = np.concatenate([tract.midline, points[:, :, chosen].reshape(count, -1, 2)], axis=1) * scale
    parts = (_levels(tract.length, _PER_CM), areas, formants, _levels(places, _PER_PIXEL))
    return np.concatenate([part.reshape(count, -1) for part in parts], axis=1)


def _levels(values: Float64, per_unit: float) -> np.ndarray:
    levels = np.clip(np.rint(values * per_unit), 0, UNKNOWN - 1)
    return np.where(np.isfinite(values), levels, UNKNOWN).astype("<u2")
