"""Labeled frames of people: a video or an image, and next to it what was drawn or traced on it.

| next to ``NAME.avi`` or ``NAME.png`` | is |
|---|---|
| ``NAME.mat`` | contours of USC-TIMIT, of every frame |
| ``NAME_regions.npz``, ``NAME_labels.npz`` | ``labels`` (T, H, W), of every frame, as ``segment`` writes them |
| ``NAME_labels.npy``, ``NAME_labels.png`` | labels (T, H, W) or (H, W) |
| ``NAME.json`` | polygons by name of label, on an image |
| ``NAME_12.json``, ``NAME_12.npy``, ``NAME_12.png`` | polygons or labels of frame 12 of a video, counted from 0 |

Values are those of :class:`rtmri2speech.data.labels.Label` where a file does not name them (``names``), 255 where the
label is not known. Pixels outside of all polygons are not known, unless one is named ``background``. A frame that is
not square is laid on the middle of one, as when it is segmented.
"""

from __future__ import annotations

import glob
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from rtmri2speech.arrays import UInt8
from rtmri2speech.corpora.search import files_below
from rtmri2speech.data.contours import ALL, on_frame, read_contours
from rtmri2speech.data.endings import VIDEO_SUFFIXES
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import UNKNOWN, Label, label_names, renumbered, values_by_name
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.polygons import read_polygons
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.frames import resize_frame
from rtmri2speech.training.segmenter.contour_labels import contour_labels
from rtmri2speech.training.segmenter.frame_sets import SIDE, FrameSet, evenly
from rtmri2speech.vocal_tract.segmenter import Placement

LABEL_SUFFIXES = (".png", ".npy", ".npz", ".json", ".mat")
"""Endings of files of labels."""

_IMAGES = (".png",)
_REMEDY = "Labels are whole numbers from 0 to 12, in the order " + ", ".join(label_names()) + "; 255 is unknown."


def find_labeled(folder: Path) -> list[Path]:
    """Videos and images of a folder that have labels next to them; a file itself."""
    return [path for path in files_below(folder, (*VIDEO_SUFFIXES, *_IMAGES)) if _labels_next_to(path)]


def read_labeled(path: Path, most: int | None = None) -> FrameSet:
    """The labeled frames of one video or image.

    Args:
        path: video or image.
        most: frames taken, evenly spread over those that are labeled; None for all.

    Raises:
        UserError: when something cannot be read, or does not fit the frames.
    """
    drawn = _labels_next_to(path)
    frames = _frames(path)
    pairs: dict[int, UInt8] = {}
    for number, file in drawn:
        pairs |= _read_labels(file, number, frames, path)
    known = [number for number in sorted(pairs) if (pairs[number] != UNKNOWN).any()]
    if not known:
        raise DatasetError(f"{path}: no label is known in any frame.", "Draw some, or take the file out of the folder.")
    chosen = [known[place] for place in evenly(len(known), most)]
    images = np.stack([_scaled(frames[number]) for number in chosen])
    labels = np.stack([_in_square(pairs[number], *frames[0].shape) for number in chosen])
    return FrameSet(path.stem, "people", images, labels, hash_files([path, *(file for _, file in drawn)]))


def _labels_next_to(path: Path) -> list[tuple[int | None, Path]]:
    """Files of labels of a video or an image, with the number of the frame where they are of one."""
    stem = path.stem
    if stem.endswith("_labels"):
        return []
    whole = [f"{stem}.mat", f"{stem}_regions.npz", *(f"{stem}_labels{kind}" for kind in (".npz", ".npy", ".png"))]
    found: list[tuple[int | None, Path]] = [(None, path.with_name(name)) for name in whole]
    if path.suffix.lower() in _IMAGES:
        found.append((0, path.with_name(f"{stem}.json")))
    else:
        for file in sorted(path.parent.glob(f"{glob.escape(stem)}_*")):
            number = file.stem.removeprefix(f"{stem}_")
            if number.isdecimal() and file.suffix in (".json", ".npy", ".png"):
                found.append((int(number), file))
    return [(number, file) for number, file in found if file.is_file()]


def _frames(path: Path) -> list[np.ndarray]:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return list(scan_video(path).read())
    try:
        with Image.open(path) as image:
            return [np.asarray(image.convert("L"))]
    except OSError as error:
        raise DatasetError(f"{path}: not readable as an image ({error}).", "Export it again, as PNG.") from None


def _scaled(frame: np.ndarray) -> UInt8:
    """A frame of any size and depth in the middle of a square, (256, 256), from its darkest to its brightest pixel."""
    height, width = frame.shape
    placement = Placement(width, height, SIDE)
    left, top = placement.margins
    square = np.full((placement.side, placement.side), frame.min(), frame.dtype)
    square[top : top + height, left : left + width] = frame
    pixels = resize_frame(square, SIDE)
    low, high = float(pixels.min()), float(pixels.max())
    return np.asarray(np.rint((pixels - low) * (255.0 / max(high - low, 1e-9))), np.uint8)


def _in_square(labels: UInt8, height: int, width: int) -> UInt8:
    """Labels (256, 256) of a frame of H x W, which they fill, as they lie on the square; beyond the frame unknown."""
    centers = np.repeat(np.arange(SIDE)[:, None] + 0.5, 2, axis=1)
    places = Placement(width, height, SIDE).points(centers) * SIDE / (width, height)
    columns, rows = np.floor(places).astype(np.int64).T
    inside = ((rows >= 0) & (rows < SIDE))[:, None] & ((columns >= 0) & (columns < SIDE))
    return np.where(inside, labels[rows.clip(0, SIDE - 1)[:, None], columns.clip(0, SIDE - 1)], UNKNOWN).astype(
        np.uint8
    )


def _read_labels(file: Path, number: int | None, frames: list[np.ndarray], video: Path) -> dict[int, UInt8]:
    height, width = frames[0].shape
    if file.suffix == ".mat":
        rows = read_contours(file, ALL)
        _require_count(len(rows), len(frames), file, video)
        return {place: contour_labels(on_frame(row, width, height, SIDE), SIDE) for place, row in enumerate(rows)}
    if file.suffix == ".json":
        return {_place(number or 0, frames, file, video): _polygons(file)}
    values = _label_images(file)
    if number is None:
        _require_count(len(values), len(frames), file, video)
        return {place: _nearest(one) for place, one in enumerate(values)}
    if len(values) != 1:
        raise DatasetError(
            f"{file}: holds labels of {len(values)} frames instead of one.", f"Call it {video.stem}_labels."
        )
    return {_place(number, frames, file, video): _nearest(values[0])}


def _place(number: int, frames: list[np.ndarray], file: Path, video: Path) -> int:
    if number >= len(frames):
        raise DatasetError(
            f"{file}: {video.name} has no frame {number}; its last is {len(frames) - 1}.", "Frames are counted from 0."
        )
    return number


def _require_count(found: int, wanted: int, file: Path, video: Path) -> None:
    if found != wanted:
        raise DatasetError(
            f"{file}: labels of {found} frames, and {video.name} has {wanted}.",
            f"Label single frames in files of their own: {video.stem}_12{file.suffix} for frame 12.",
        )


def _polygons(file: Path) -> UInt8:
    polygons = read_polygons(file)
    values = values_by_name()
    strange = [name for name in polygons.corners if name not in values]
    if strange:
        raise ConfigError(f"{file}: no label is named '{strange[0]}'.", f"Labels: {', '.join(values)}.")
    labels = np.full((SIDE, SIDE), Label.BACKGROUND if "background" in polygons.corners else UNKNOWN, np.uint8)
    for name in polygons.corners:
        if name != "background":
            labels[polygons.fill(name, SIDE)] = values[name]
    return labels


def _label_images(file: Path) -> UInt8:
    try:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as arrays:
                values = np.asarray(arrays["labels"])
                if "names" in arrays:
                    known = values != UNKNOWN
                    values[known] = renumbered(values[known], arrays["names"].tolist())
        elif file.suffix == ".npy":
            values = np.load(file, allow_pickle=False)
        else:
            with Image.open(file) as image:
                values = np.asarray(image)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DatasetError(f"{file}: not readable as labels ({error}).", _REMEDY) from None
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or values.dtype.kind not in "iu" or not np.isin(values, [*Label, UNKNOWN]).all():
        raise DatasetError(f"{file}: holds other values than labels, {values.dtype} {values.shape}.", _REMEDY)
    return values.astype(np.uint8)


def _nearest(labels: UInt8) -> UInt8:
    """Labels (H, W) at (256, 256), each pixel that of the one it lies in."""
    rows, columns = (((np.arange(SIDE) + 0.5) * side / SIDE).astype(np.int64) for side in labels.shape)
    return np.asarray(labels[rows[:, None], columns])
