"""A sequence of maps by the name of its file, with what the files next to it say about it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.attribution.pixels import PixelsOfCells
from rtmri2speech.analysis.map_folder.metadata import AGAIN, rate_of, require_metadata
from rtmri2speech.analysis.map_folder.names import METADATA, SEGMENT_SEQUENCE, SEGMENTS, SEQUENCE
from rtmri2speech.analysis.map_folder.read import read_pixels
from rtmri2speech.analysis.map_folder.segments import frames_of, read_segments
from rtmri2speech.arrays import Float32, Int64
from rtmri2speech.data.files import read_object
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.features import FeatureConfig

_REMEDY = "Give a sequence that analyze gradcam wrote: gradcam_F1_sequence.npy."


@dataclass(frozen=True)
class MapSequence:
    """Maps of a clip, or of a segment of it.

    Attributes:
        path: the file.
        values: (R, S, S), float32, signed: mapped from the file, or made from cells when they are indexed.
        frames: (R,), the clip's frame that each map is of, increasing.
        n_frames: of the whole clip.
        rate: frames per second.
        name: of the band, with its limits where they are known.
        method: gradcam or hirescam; empty where there is no metadata next to the file.
        scale: largest absolute value in the clip.
        unit: of the maps; empty where it is not known.
    """

    path: Path
    values: Float32 | PixelsOfCells
    frames: Int64
    n_frames: int
    rate: Fraction
    name: str
    method: str
    scale: float
    unit: str

    def rows(self, start_frame: int | None, end_frame: int | None) -> Int64:
        """Maps of the frames from ``start_frame`` to ``end_frame``, both included; all where None.

        Raises:
            ConfigError: when a frame lies outside, or none is left.
        """
        first, last = int(self.frames[0]), int(self.frames[-1])
        for name, frame in (("start_frame", start_frame), ("end_frame", end_frame)):
            if frame is not None and not first <= frame <= last:
                raise ConfigError(
                    f"`{name}={frame}`: {self.path} {'ends' if frame > last else 'begins'} with frame "
                    f"{last if frame > last else first}.",
                    f"Frames are those of the video, counted from 0; this file has frames {first} to {last}.",
                )
        low, high = first if start_frame is None else start_frame, last if end_frame is None else end_frame
        chosen = np.flatnonzero((self.frames >= low) & (self.frames <= high))
        if len(chosen) == 0:
            raise ConfigError(
                f"{self.path}: holds no frame from {low} to {high}.",
                "Give a `start_frame` before `end_frame`, and frames that the file has.",
            )
        return chosen

    def placed(self, n_frames: int, start_frame: int | None) -> MapSequence:
        """The maps as frames of a video.

        A file that nothing describes may have been cut from the maps of a whole clip: ``maps[20:40]``. If it is
        shorter than the video, its first map is of ``start_frame``.

        Args:
            n_frames: of the video.
            start_frame: which of them the first map is of; None where the file is not a part of them.

        Raises:
            ConfigError: when the video ends before the maps.
        """
        if self.method or start_frame is None or len(self.frames) >= n_frames:
            return self
        if not 0 <= start_frame <= n_frames - len(self.frames):
            raise ConfigError(
                f"`start_frame={start_frame}`: {self.path} holds {len(self.frames)} maps, and the video's frames are 0 "
                f"to {n_frames - 1}.",
                "Give the frame of the video that the first map is of.",
            )
        return replace(self, frames=self.frames + start_frame, n_frames=n_frames)


def read_sequence(path: Path) -> MapSequence:
    """Read ``<method>_<band>_sequence.npy``, or a segment's ``<method>_<band>_<name>Segment_sequence.npy``.

    Band, scale and frame rate come from the metadata next to the file. Where there is none (a file of another program,
    or moved), the file is taken for maps of a whole clip on the default clock, and scaled to its own largest value.
    Where maps were written as cells alone, the name stands for what is made from them.

    Raises:
        DatasetError: when the file is missing or holds no maps, or what lies next to it contradicts it.
    """
    stored = _load(path) if path.exists() else None
    known = _metadata_of(path)
    if known is None:
        return _alone(path, _load(path) if stored is None else stored)
    metadata, about, band = known
    n_frames = int(about["n_frames"])
    if path.name.endswith(SEGMENT_SEQUENCE):
        frames = _segment_frames(path, f"{about['method']}_{band['name']}_", n_frames)
    else:
        frames = np.arange(n_frames)
    values = _from_cells(path, about, str(band["name"]), frames) if stored is None else stored
    if len(frames) != len(values):
        raise DatasetError(f"{path}: {len(values)} maps, where the files next to it describe {len(frames)}.", AGAIN)
    if (np.diff(frames) <= 0).any():
        raise DatasetError(f"{path}: its frames do not follow each other in {path.with_name(SEGMENTS)}.", AGAIN)
    name = f"{band['name']} {band['low_hz']:g}-{band['high_hz']:g} Hz"
    rate, scale = rate_of(metadata, about), float(band["scale"])
    return MapSequence(path, values, frames, n_frames, rate, name, about["method"], scale, about["target_unit"])


def _load(path: Path) -> Float32:
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


def _from_cells(path: Path, about: dict[str, Any], band: str, frames: Int64) -> PixelsOfCells:
    try:
        made = read_pixels(path.parent, about, band)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path.with_name(str(about['cells']))}: damaged ({error}).", AGAIN) from None
    if made is None:
        raise DatasetError(f"{path}: no such file of maps.", "Make it: rtmri2speech analyze gradcam")
    return PixelsOfCells(made.cells[frames], made.size)


def _alone(path: Path, values: Float32) -> MapSequence:
    """A file without metadata: its name and its largest value are all that is known."""
    scale = max(float(np.abs(one).max()) for one in values)
    if not np.isfinite(scale):
        raise DatasetError(f"{path}: holds values that are not numbers.", AGAIN)
    rate, name = FeatureConfig().frame_rate, path.name.removesuffix(SEQUENCE).removesuffix(".npy")
    return MapSequence(path, values, np.arange(len(values)), len(values), rate, name, "", scale, "")


def _metadata_of(path: Path) -> tuple[Path, dict[str, Any], dict[str, Any]] | None:
    """The metadata that describe the file's band, where they are, and their entry of the band."""
    for metadata in sorted(path.parent.glob(f"*{METADATA}")):
        about = read_object(metadata) or {}
        try:
            require_metadata(about)
            # The longest name first: a band F1 must not take the files of a band F1_low.
            for band in sorted(about["bands"], key=lambda one: -len(one["name"])):
                stem = f"{about['method']}_{band['name']}"
                part = path.name.startswith(f"{stem}_") and path.name.endswith(SEGMENT_SEQUENCE)
                if part or path.name == f"{stem}{SEQUENCE}":
                    return metadata, about, band
        except ValueError as error:
            raise DatasetError(f"{metadata}: damaged ({error}).", AGAIN) from None
    return None


def _segment_frames(path: Path, prefix: str, n_frames: int) -> Int64:
    """Frames of a segment's maps, from ``segments.csv``."""
    name = path.name.removeprefix(prefix).removesuffix(SEGMENT_SEQUENCE)
    table = path.with_name(SEGMENTS)
    for segment in read_segments(table, n_frames, path.name):
        if segment.file_name == name:
            return frames_of(segment)
    raise DatasetError(f"{table}: does not say which frames {path.name} is of.", _REMEDY)
