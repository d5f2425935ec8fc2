"""How much of a map lies in which region: share, signed sum and time course."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.older_maps import METADATA, SEGMENTS
from rtmri2speech.analysis.regions.masks import Regions, Source, origin_of_regions
from rtmri2speech.analysis.regions.polygons import REST
from rtmri2speech.data.files import write_text
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import DatasetError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RegionSums:
    """Sums over the pixels of each region in each frame; the last region is the rest.

    Attributes:
        names: R names.
        signed: (T, R), sums of the map, in the target's unit.
        absolute: (T, R), sums of its absolute value.
        area: (T, R), shares of the picture.
        total: (T,), sum of the absolute value over the picture.
    """

    names: tuple[str, ...]
    signed: Floats
    absolute: Floats
    area: Floats
    total: Floats

    def share(self, frames: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """Part of all attribution in some frames, positive or negative, that lies in each region: (R,)."""
        whole = self.total[frames].sum()
        return np.asarray(self.absolute[frames].sum(axis=0) / (whole if whole > 0 else 1.0))


@dataclass(frozen=True)
class MapsFolder:
    """What ``analyze gradcam`` has written with one method.

    Attributes:
        method: gradcam or hirescam.
        unit: of the target.
        rate: frames a second.
        source: the video.
        bands: name and file of each band's sequence.
        segments: frames of each segment by name, if segments were cut.
        picture: the mean picture, (S, S).
    """

    method: str
    unit: str
    rate: Fraction
    source: Source
    bands: dict[str, Path]
    segments: dict[str, NDArray[np.int64]]
    picture: NDArray[np.float32]


def sum_over_regions(sequence: NDArray[np.float32], regions: Regions) -> RegionSums:
    """Sum maps (T, S, S) over regions, a frame at a time."""
    signed, absolute, area, total = [], [], [], []
    for frame in range(len(sequence)):
        values = np.asarray(sequence[frame], np.float64).ravel()
        masks = regions.at(frame)
        flat = np.concatenate([masks, ~masks.any(axis=0, keepdims=True)]).reshape(len(masks) + 1, -1).astype(np.float64)
        signed.append(flat @ values)
        absolute.append(flat @ np.abs(values))
        area.append(flat.mean(axis=1))
        total.append(np.abs(values).sum())
    return RegionSums((*regions.names, REST), np.stack(signed), np.stack(absolute), np.stack(area), np.array(total))


def read_maps(folder: Path) -> list[MapsFolder]:
    """What a folder of ``analyze gradcam`` holds, one entry a method.

    Raises:
        DatasetError: when it is no such folder, or damaged.
    """
    found = sorted(folder.glob(f"*{METADATA}"))
    if not found:
        raise DatasetError(f"{folder}: holds no maps.", "Make them first: rtmri2speech analyze gradcam ... --out HERE")
    result = []
    for path in found:
        try:
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            taken = about["source"]
            source = Source(taken["frames"], taken["width"], taken["height"], about["pixels"])
            bands = {band["name"]: folder / band["sequence"] for band in about["bands"]}
            picture = np.load(folder / "mean_picture.npy")
            rate = Fraction(about["frame_rate"])
            entry = MapsFolder(about["method"], about["target_unit"], rate, source, bands, {}, picture)
            shape = (about["n_frames"], source.size, source.size)
            damaged = next((p for p in bands.values() if np.load(p, mmap_mode="r").shape != shape), None)
            if damaged is not None:
                raise ValueError(f"{damaged.name} is of another clip")
            entry.segments.update(_segments(folder / SEGMENTS, about["n_frames"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path}: does not fit its folder ({error}).", "Make the maps again.") from None
        result.append(entry)
    return result


def write_shares(folder: Path, maps: MapsFolder, sums: dict[str, RegionSums]) -> list[Path]:
    """Write ``<method>_regions.csv``, a line a band, segment and region, and ``<method>_regions_time.csv``.

    Columns: ``share`` of the attribution's absolute value; ``area_share`` of the picture; ``density``, one divided by
    the other, 1 for a map that is the same everywhere; ``signed_sum``, mean over the frames of the sum over the region.

    Raises:
        UserError: when a file cannot be written.
    """
    table, course = io.StringIO(), io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["band", "segment", "region", "share", "area_share", "density", f"signed_sum ({maps.unit})"])
    lines = csv.writer(course, lineterminator="\n")
    lines.writerow(["band", "frame", "time_s", "region", "share", f"signed_sum ({maps.unit})"])
    for band, one in sums.items():
        every = np.arange(len(one.total))
        for segment, frames in {"all": every, **maps.segments}.items():
            shares, area = one.share(frames), one.area[frames].mean(axis=0)
            signed = one.signed[frames].mean(axis=0)
            for index, name in enumerate(one.names):
                density = shares[index] / area[index] if area[index] > 0 else 0.0
                numbers = (shares[index], area[index], density, signed[index])
                rows.writerow([band, segment, name, *(f"{value:.6g}" for value in numbers)])
        for frame in every:
            shares = one.share(slice(frame, frame + 1))
            for index, name in enumerate(one.names):
                time = f"{(frame + 0.5) / float(maps.rate):.4f}"
                lines.writerow([band, frame, time, name, f"{shares[index]:.6g}", f"{one.signed[frame, index]:.6g}"])
    files = [folder / f"{maps.method}_regions.csv", folder / f"{maps.method}_regions_time.csv"]
    for path, text in zip(files, (table, course), strict=True):
        write_text(path, text.getvalue())
    return files


def write_used_regions(folder: Path, method: str, name: str, regions: Regions) -> Path:
    """Write ``<method>_regions.json``: which regions the tables beside it are of.

    Args:
        folder: of the maps.
        method: whose tables.
        name: what ``--regions`` was.
        regions: those that were used.

    Raises:
        UserError: when it cannot be written.
    """
    return write_about(
        folder / f"{method}_regions.json", "regions", 1, {"method": method, **origin_of_regions(name, regions)}
    )


def _segments(path: Path, n_frames: int) -> dict[str, NDArray[np.int64]]:
    if not path.is_file():
        return {}
    frames: dict[str, list[int]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                first, last = int(row["first_frame"]), int(row["last_frame"])
                if not 0 <= first <= last < n_frames:
                    raise ValueError(f"frames {first} to {last} of '{row['segment']}', where the maps have {n_frames}")
                frames.setdefault(row["segment"], []).extend(range(first, last + 1))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path}: does not fit the maps beside it ({error}).", "Make the maps again, with their segments."
        ) from None
    return {name: np.array(values) for name, values in frames.items()}
