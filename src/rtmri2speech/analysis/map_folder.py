"""A sequence of maps from its file, with what the files beside it say about it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.older_maps import METADATA, SEGMENTS
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.features import FeatureConfig

_WHOLE, _PART = "_sequence.npy", "Segment_sequence.npy"


@dataclass(frozen=True)
class MapSequence:
    """Maps of a clip, or of a segment of it.

    Attributes:
        path: the file.
        values: (R, S, S), float32, signed, mapped from the file.
        frames: (R,), the clip's frame that each map is of, increasing.
        n_frames: of the whole clip.
        rate: frames a second.
        name: of the band, with its limits where they are known.
        method: gradcam or hirescam; empty where no metadata lies beside the file.
        scale: largest absolute value in the clip.
        unit: of the maps; empty where it is not known.
    """

    path: Path
    values: NDArray[np.float32]
    frames: NDArray[np.int64]
    n_frames: int
    rate: Fraction
    name: str
    method: str
    scale: float
    unit: str

    def rows(self, start: int | None, end: int | None) -> NDArray[np.int64]:
        """Maps of the frames from ``start`` to ``end``, both included; all where None.

        Raises:
            ConfigError: when a frame lies outside, or none is left.
        """
        first, last = int(self.frames[0]), int(self.frames[-1])
        for name, frame in (("--start-frame", start), ("--end-frame", end)):
            if frame is not None and not 0 <= frame <= last:
                raise ConfigError(
                    f"{name} {frame}: {self.path} ends with frame {last}.",
                    f"Frames are counted from 0; this file has frames {first} to {last}.",
                )
        low, high = first if start is None else start, last if end is None else end
        chosen = np.flatnonzero((self.frames >= low) & (self.frames <= high))
        if len(chosen) == 0:
            raise ConfigError(
                f"{self.path}: holds no frame from {low} to {high}.",
                "Give a --start-frame before --end-frame, and frames that the file has.",
            )
        return chosen


def read_sequence(path: Path) -> MapSequence:
    """Read ``<method>_<band>_sequence.npy``, or a segment's ``<method>_<band>_<name>Segment_sequence.npy``.

    Band, scale and frame rate come from the metadata beside the file. Where there is none (a file of another program,
    or moved), the file is taken for maps of a whole clip on the memo's clock, and scaled to its own largest value.

    Raises:
        DatasetError: when the file is missing or holds no maps, or what lies beside it contradicts it.
    """
    values = _load(path)
    known = _metadata_of(path)
    if known is None:
        return _alone(path, values)
    about, band = known
    n_frames = int(about["n_frames"])
    frames = _segment_frames(path, band) if path.name.endswith(_PART) else np.arange(n_frames)
    if len(frames) != len(values) or (np.diff(frames) <= 0).any() or frames[0] < 0 or frames[-1] >= n_frames:
        raise DatasetError(
            f"{path}: {len(values)} maps, where the files beside it speak of {len(frames)}.", "Make the maps again."
        )
    name = f"{band['name']} {band['low_hz']:g}-{band['high_hz']:g} Hz"
    rate, scale = Fraction(about["frame_rate"]), float(band["scale"])
    return MapSequence(path, values, frames, n_frames, rate, name, about["method"], scale, about["target_unit"])


def _load(path: Path) -> NDArray[np.float32]:
    try:
        values = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file of maps.", "Make it: rtmri2speech analyze gradcam") from None
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path}: not a file of maps ({error}).", _REMEDY) from None
    if not isinstance(values, np.ndarray) or values.ndim != 3 or 0 in values.shape or values.dtype.kind not in "fiu":
        shape = " x ".join(map(str, getattr(values, "shape", ())))
        raise DatasetError(f"{path}: an array of {shape or 'no size'}, not of frames x height x width.", _REMEDY)
    return values


def _alone(path: Path, values: NDArray[np.float32]) -> MapSequence:
    """A file without metadata: its name and its largest value are all that is known."""
    scale = max(float(np.abs(one).max()) for one in values)
    if not np.isfinite(scale):
        raise DatasetError(f"{path}: holds values that are not numbers.", "Make the maps again.")
    rate, name = FeatureConfig().frame_rate, path.name.removesuffix(_WHOLE).removesuffix(".npy")
    return MapSequence(path, values, np.arange(len(values)), len(values), rate, name, "", scale, "")


_REMEDY = "Give a sequence that analyze gradcam wrote: gradcam_F1_sequence.npy."


def _metadata_of(path: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The metadata that names the file's band, and its entry of the band."""
    for beside in sorted(path.parent.glob(f"*{METADATA}")):
        try:
            about = json.loads(beside.read_text(encoding="utf-8"))
            # The longest name first: a band F1 must not take the files of a band F1_low.
            for band in sorted(about["bands"], key=lambda one: -len(one["sequence"])):
                part = path.name.startswith(_prefix(band)) and path.name.endswith(_PART)
                if path.name == band["sequence"] or part:
                    Fraction(about["frame_rate"])
                    return about, {key: band[key] for key in ("name", "low_hz", "high_hz", "scale", "sequence")}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{beside}: damaged ({error!r}).", "Make the maps again.") from None
    return None


def _prefix(band: dict[str, Any]) -> str:
    return str(band["sequence"]).removesuffix(_WHOLE) + "_"


def _segment_frames(path: Path, band: dict[str, Any]) -> NDArray[np.int64]:
    """Frames of a segment's maps, from ``segments.csv``."""
    name = path.name.removeprefix(_prefix(band)).removesuffix(_PART)
    table = path.with_name(SEGMENTS)
    frames: list[int] = []
    try:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["file_name"] == name:
                    frames += range(int(row["first_frame"]), int(row["last_frame"]) + 1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{table}: says not which frames {path.name} is of ({error}).", _REMEDY) from None
    return np.array(frames, np.int64)
