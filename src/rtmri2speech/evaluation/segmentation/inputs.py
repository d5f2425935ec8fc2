"""What is compared: label images and contours that were found, and labels or lines that people traced.

Files belong together by the part of their names before the first of the endings ``_regions``, ``_labels``,
``_contours``, ``_truth`` and ``_poses``; of USC 75-speaker, before ``_video`` and ``_track``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.annotation import annot16
from rtmri2speech.data.contours import ALL, PIXEL_MM, to_corner
from rtmri2speech.data.contours import read_contours as read_traced
from rtmri2speech.data.labels import Label, label_names, renumbered
from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.segmentation.traced_parts import traced_parts
from rtmri2speech.vocal_tract.contour_table import CONTOURS_SUFFIX, read_contours
from rtmri2speech.vocal_tract.contours import trace_labels

_ENDINGS = ("_regions", "_labels", "_contours", "_truth", "_poses")
_USC75 = re.compile(r"(sub\d{3}_2drt_\d+_.+?)_(?:video|track)(?:_|$)")
# Where arrays of labels and their names may be in an .npz file.
_KEYS = (("labels", "names"), ("regions", "region_names"))
_REMEDY = "Give what `segment` wrote: labels (T, H, W) under the key 'labels', or a table of contours."


@dataclass(frozen=True)
class Side:
    """One of the two sides of a comparison, of one recording.

    Attributes:
        name: of the recording.
        source: file or folder that it was read from.
        contours: polylines (N, 2) of each frame by name, x and y in pixels of the source from the frame's corner.
        labels: (T, H, W) uint8, values of :class:`~rtmri2speech.data.labels.Label`; None where there are only lines.
        pixel_mm: size of a pixel, mm, where the files say it.
        frame_rate: frames per second, where the files say it.
    """

    name: str
    source: Path
    contours: Sequence[dict[str, Float64]]
    labels: UInt8 | None = None
    pixel_mm: float | None = None
    frame_rate: float | None = None


def recording_name(path: Path) -> str:
    """The name of the recording that a file is about."""
    name = path.stem
    if usc75 := _USC75.match(name):
        return usc75[1]
    places = [at for ending in _ENDINGS if (at := name.find(ending)) > 0]
    return name[: min(places)] if places else name


def found_files(root: Path) -> dict[str, list[Path]]:
    """Labels and contours that were found, by recording; a folder is searched with its subfolders.

    Raises:
        ConfigError: when there are none.
    """
    kinds = [root] if root.is_file() else [*root.rglob("*.npz"), *root.rglob(f"*{CONTOURS_SUFFIX}")]
    return _by_recording(root, kinds, "labels (.npz) or contours (_contours.csv)")


def truth_files(root: Path) -> dict[str, list[Path]]:
    """Traced lines (``.mat``), label arrays (``.npz``) or folders of label images (``.png``), by recording.

    Raises:
        ConfigError: when there are none.
    """
    images = sorted({path.parent for path in root.rglob("*.png")}) if root.is_dir() else []
    kinds = [root] if root.is_file() else [*root.rglob("*.mat"), *root.rglob("*.npz"), *images]
    return _by_recording(root, kinds, "traced contours (.mat), labels (.npz) or folders of label images (.png)")


def _by_recording(root: Path, paths: Sequence[Path], what: str) -> dict[str, list[Path]]:
    result: dict[str, list[Path]] = {}
    for path in sorted(paths):
        result.setdefault(recording_name(path), []).append(path)
    if not result:
        there = root.exists()
        raise ConfigError(
            f"{root}: holds no {what}." if there else f"{root}: no such file or folder.",
            "Give the folder that has them." if there else "Check the spelling of the path.",
        )
    return result


def read_found(name: str, paths: Sequence[Path], frames: int) -> Side:
    """What was found in a recording; where there is a table of contours, labels serve for Dice alone.

    Raises:
        ConfigError: when a file is of another form, or has another number of frames.
    """
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    arrays = [path for path in paths if path.suffix.lower() != ".csv"]
    if len(tables) > 1 or len(arrays) > 1:
        raise ConfigError(f"{paths[0]}: {paths[1]} is about a recording of the same name.", "Give one of them.")
    side = _of_array(name, arrays[0], trace=not tables) if arrays else Side(name, tables[0], [])
    if side.labels is not None and len(side.labels) != frames:
        raise _other_length(side.source, len(side.labels), frames)
    if tables:
        table = read_contours(tables[0], frames)
        lines = [table.frame(number) for number in range(frames)]
        size, rate = side.pixel_mm or table.pixel_mm, side.frame_rate or float(table.frame_rate)
        side = replace(side, source=tables[0], contours=lines, pixel_mm=size, frame_rate=rate)
    return side


def read_truth(name: str, paths: Sequence[Path]) -> Side:
    """What was traced in a recording.

    Raises:
        ConfigError: when there are several files of one name, or one is of another form.
    """
    if len(paths) > 1:
        raise ConfigError(f"{paths[0]}: {paths[1]} is about a recording of the same name.", "Give one of them.")
    path = paths[0]
    if path.is_dir():
        return _with_contours(Side(name, path, [], _label_images(path)))
    if path.suffix.lower() == ".mat" and annot16.is_track(path):
        lines = [annot16.compared_parts(frame) for frame in annot16.read_track(path)]
        return Side(name, path, lines, None, annot16.PIXEL_MM)
    if path.suffix.lower() == ".mat":
        frames = [to_corner(frame) for frame in read_traced(path, ALL, allow_missing=True)]
        return Side(name, path, traced_parts(frames), None, PIXEL_MM)
    return _of_array(name, path)


def _of_array(name: str, path: Path, trace: bool = True) -> Side:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            key, names_key = next(pair for pair in _KEYS if pair[0] in arrays)
            values = np.asarray(arrays[key])
            names = [str(one) for one in arrays[names_key]] if names_key in arrays else list(label_names())
            size, rate = (_number(arrays[one]) if one in arrays else None for one in ("pixel_mm", "frame_rate"))
        if values.ndim != 3 or not values.size:
            raise ValueError(f"shape {values.shape} where (T, H, W) is needed")
        labels = renumbered(values, names)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file of labels.", "Check the spelling of the path.") from None
    except StopIteration:
        raise ConfigError(f"{path}: not labels (no array called labels or regions).", _REMEDY) from None
    except (OSError, ValueError, TypeError, IndexError, EOFError, BadZipFile) as error:
        raise ConfigError(f"{path}: not labels ({error}).", _REMEDY) from None
    side = Side(name, path, [], labels, size, rate)
    return _with_contours(side) if trace else side


def _number(value: NDArray[Any]) -> float | None:
    """A number above 0, also as numerator and denominator; None for what is unknown."""
    parts = np.asarray(value, np.float64).ravel()
    number = float(parts[0] / parts[1]) if len(parts) == 2 else float(parts[0])
    return number if 0 < number < np.inf else None


def _with_contours(side: Side) -> Side:
    assert side.labels is not None
    contours = trace_labels(side.labels, frame_rate=Fraction(1))
    return replace(side, contours=[contours.frame(number) for number in range(len(side.labels))])


def _label_images(folder: Path) -> UInt8:
    frames = []
    for path in sorted(folder.glob("*.png")):
        try:
            with Image.open(path) as image:
                frames.append(np.asarray(image if image.mode in ("P", "L") else image.convert("L")))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: not an image of labels ({error}).", "Give PNG files, one per frame.") from None
        if frames[-1].shape != frames[0].shape or frames[-1].max() >= len(Label):
            raise ConfigError(
                f"{path}: not an image of labels (its size or values differ).",
                f"Give gray values from 0 to {len(Label) - 1}, all of one size: {', '.join(label_names())}.",
            )
    return np.stack(frames)


def _other_length(path: Path, found: int, needed: int) -> ConfigError:
    return ConfigError(
        f"{path}: labels of {found} frames where {needed} are traced.",
        "Give what was found in the same recording; a folder of label images needs one of every frame.",
    )
