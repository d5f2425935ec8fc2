"""Where an articulator is, frame by frame: found by the segmenter, or from a template or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.regions.polygons import read_polygons, template_masks
from rtmri2speech.analysis.regions.usc_timit import CONTOUR_REGIONS, contour_masks
from rtmri2speech.arrays import Bool, Int64, UInt8
from rtmri2speech.data.contours import on_frame, read_contours
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import GROUPS, Label
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segmentation import LabelFile, confidence_notes, is_label_file, read_labels

TEMPLATE, AUTO = "template", "auto"
"""What stands for shapes that suit most heads roughly, and for what the segmenter finds in the video."""


@dataclass(frozen=True)
class Regions:
    """Named masks.

    Attributes:
        names: of the regions; they may overlap, as the tongue and its tip do.
        at: frame number to masks, (R, S, S).
        moving: whether they change from frame to frame.
        notes: for the user: which frames are not to be trusted.
        doubtful: numbers of these frames.
    """

    names: tuple[str, ...]
    at: Callable[[int], Bool]
    moving: bool = False
    notes: tuple[str, ...] = ()
    doubtful: tuple[int, ...] = ()

    def only(self, wanted: Sequence[str]) -> Regions:
        """Some of them.

        Raises:
            ConfigError: when one is not there (names those that are).
        """
        unknown = next((name for name in wanted if name not in self.names), None)
        if unknown is not None:
            raise ConfigError(f"There is no region '{unknown}'.", f"Choose from {', '.join(self.names)}.")
        chosen = [self.names.index(name) for name in dict.fromkeys(wanted)]
        names = tuple(self.names[i] for i in chosen)
        return replace(self, names=names, at=lambda frame: self.at(frame)[chosen])


@dataclass(frozen=True)
class Source:
    """The video that regions are for.

    Attributes:
        frames: for each of T frames the number of the source's frame nearest in time.
        width, height: of the source, pixels.
        size: S, of the model's frames.
        video: the file; None where it is not known.
        rate: its frames per second, where they are not those that the file states.
        n_frames: how many it has; None where that is not known.
    """

    frames: Sequence[int]
    width: int
    height: int
    size: int
    video: Path | None = None
    rate: Fraction | None = field(default=None, compare=False)
    n_frames: int | None = field(default=None, compare=False)


def source_of(clip: Clip) -> Source:
    """A clip as regions are laid on it."""
    nearest = clip.skipped + clip.retiming.first + clip.retiming.weights.argmax(axis=1)
    scan = clip.scan
    return Source(nearest.tolist(), scan.width, scan.height, clip.frames.size, scan.path, scan.rate, scan.n_frames)


def read_regions(name: str, source: Source) -> Regions:
    """Regions of a clip.

    Args:
        name: ``template``; ``auto``, what the segmenter finds in the video; or a file: ``.json`` with polygons,
            ``.npz`` with labels of ``segment`` or the phantom's truth, ``.mat`` with air-tissue boundaries of
            USC-TIMIT.
        source: the clip.

    Raises:
        ConfigError: when the file is of no kind that is known, or does not fit the clip.
        DatasetError: when labels or a phantom's truth cannot be read.
        MediaError: when the video is gone that articulators are to be found in.
    """
    if name == TEMPLATE:
        return _fixed(template_masks(source.size))
    if name == AUTO:
        from rtmri2speech.analysis.regions.automatic import find_labels  # PyTorch, for this alone

        return of_labels(find_labels(source), source, f"`regions={AUTO}`")
    path = Path(name)
    readers = {".json": _of_polygons, ".npz": _of_arrays, ".mat": of_contours}
    if path.suffix.lower() not in readers:
        raise ConfigError(
            f"`regions={name}`: neither 'auto' nor 'template' nor a .json, .npz or .mat file.",
            "Give auto, polygons (.json), labels of segment or a phantom's truth (.npz), or traced contours (.mat).",
        )
    return readers[path.suffix.lower()](path, source)


def _fixed(masks: dict[str, Bool]) -> Regions:
    stack = np.stack(list(masks.values()))
    return Regions(tuple(masks), lambda frame: stack)


def _of_polygons(path: Path, source: Source) -> Regions:
    return _fixed(read_polygons(path, source.size))


def _of_arrays(path: Path, source: Source) -> Regions:
    return of_labels(read_labels(path), source, str(path)) if is_label_file(path) else of_truth(path, source)


def of_labels(found: LabelFile, source: Source, name: str) -> Regions:
    """Labels of ``segment`` as far as they occur, then their groups: lips, tongue.

    They lie on the source's grid, of which the model's frame is a resized version: nearest neighbor, no margins.

    Args:
        found: the labels.
        source: the clip.
        name: where they came from, for messages.

    Raises:
        ConfigError: when they belong to another clip, or nothing was found.
    """
    labels = found.labels
    if labels.shape[1:] != (source.height, source.width):
        raise ConfigError(
            f"{name}: labels of {labels.shape[2]} x {labels.shape[1]} pixels for a video of "
            f"{source.width} x {source.height}.",
            "Give the labels of this video: run segment on it.",
        )
    _require_length(len(labels), source, name)
    there = np.zeros(len(Label), np.bool_)
    for frame in labels:
        there |= np.bincount(frame.ravel(), minlength=len(Label)) > 0
    single = [label for label in Label if label != Label.BACKGROUND and there[label]]
    if not single:
        raise ConfigError(f"{name}: no articulator was found in any frame.", "Draw the regions (.json).")
    groups = {group: members for group, members in GROUPS.items() if there[list(members)].any()}
    rows, columns = (_nearest(side, source.size) for side in (source.height, source.width))
    wanted = [(label,) for label in single] + list(groups.values())

    def at(frame: int) -> Bool:
        shown: UInt8 = labels[source.frames[frame]][rows[:, None], columns]
        return np.stack([np.isin(shown, members) for members in wanted])

    confidence = found.confidence[list(source.frames)]
    doubtful = tuple(np.flatnonzero(confidence < CONFIDENT).tolist())
    names = (*(label.name.lower() for label in single), *groups)
    return Regions(names, at, True, confidence_notes(confidence), doubtful)


def _nearest(count: int, size: int) -> Int64:
    """Which of ``count`` pixels lies at the center of each of ``size``."""
    return np.asarray((np.arange(size) * 2 + 1) * count // (2 * size))


def _require_length(count: int, source: Source, name: str) -> None:
    needed = max(source.frames) + 1
    # Where the length of the video is not known, less than a step between frames lies after the last one.
    step = max(np.diff(source.frames), default=1)
    fits = count == source.n_frames if source.n_frames is not None else needed <= count <= needed + step
    if not fits:
        raise ConfigError(
            f"{name}: labels of {count} frames for a video of {source.n_frames or needed}.",
            "Give the labels of this video: run segment on it.",
        )


def of_truth(path: Path, source: Source) -> Regions:
    """The phantom's own labels as far as they occur, then their groups: lips, tongue.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip.
    """
    labels = read_truth(path, source).regions
    there = np.bincount(labels.ravel(), minlength=len(Label)) > 0
    # Files of earlier versions have no palate, say: a region without a pixel would be none.
    single = [label for label in Label if label != Label.BACKGROUND and there[label]]
    names = (*(label.name.lower() for label in single), *GROUPS)

    def at(frame: int) -> Bool:
        shown = labels[min(frame, len(labels) - 1)]
        return np.stack([*(shown == label for label in single), *(np.isin(shown, group) for group in GROUPS.values())])

    return Regions(names, at, moving=True)


def read_truth(path: Path, source: Source) -> Truth:
    """The truth of a simulated clip.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip.
    """
    truth = Truth.load(path)
    labels = truth.regions
    if abs(len(labels) - len(source.frames)) > 1:
        raise ConfigError(
            f"{path}: {len(labels)} frames of truth for {len(source.frames)} frames of video.",
            "Give the .npz file next to the video.",
        )
    if labels.shape[1:] != (source.size, source.size):
        raise ConfigError(
            f"{path}: labels of {labels.shape[2]} x {labels.shape[1]} pixels for frames of {source.size}.",
            "Use a model for frames of the phantom's size.",
        )
    return truth


def of_contours(path: Path, source: Source) -> Regions:
    """Regions from USC-TIMIT's air-tissue boundaries, traced frame by frame (:mod:`.usc_timit` says how).

    Raises:
        ConfigError: when the file is missing, of another form, or has another number of frames than the video.
    """
    frames = read_contours(path)
    needed = max(source.frames) + 1
    if abs(len(frames) - needed) > 1:
        raise ConfigError(
            f"{path}: contours of {len(frames)} frames for a video of {needed}.",
            "Give the .mat file that was traced on this video.",
        )
    moved = [on_frame(frame, source.width, source.height, source.size) for frame in frames]

    def at(frame: int) -> Bool:
        return contour_masks(moved[min(source.frames[frame], len(moved) - 1)], source.size)

    return Regions(CONTOUR_REGIONS, at, moving=True)


def origin_of_regions(name: str | None, regions: Regions) -> dict[str, Any]:
    """Where regions came from, the hash of the file (None where there is none), and which regions were used.

    Args:
        name: what :func:`read_regions` took; None for regions made in memory.
        regions: those that were used.
    """
    return {
        "regions_of": name,
        "regions_sha256": None if name in (None, TEMPLATE, AUTO) else hash_files([Path(str(name))]),
        "regions_moving": regions.moving,
        "regions": [{"name": one} for one in regions.names],
    }
