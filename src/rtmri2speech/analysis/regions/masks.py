"""Where an articulator is, frame by frame: from a template, polygons, the phantom's truth, or traced contours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.analysis.regions.polygons import read_polygons, template_masks
from rtmri2speech.analysis.regions.usc_timit import CONTOUR_REGIONS, contour_masks
from rtmri2speech.arrays import Bool
from rtmri2speech.data.contours import on_frame, read_contours
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import GROUPS, Label
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError

TEMPLATE = "template"
"""What stands for shapes that suit most heads roughly."""


@dataclass(frozen=True)
class Regions:
    """Named masks.

    Attributes:
        names: of the regions; they may overlap, as the tongue and its tip do.
        at: frame number to masks, (R, S, S).
        moving: whether they change from frame to frame.
    """

    names: tuple[str, ...]
    at: Callable[[int], Bool]
    moving: bool = False

    def only(self, wanted: Sequence[str]) -> Regions:
        """Some of them.

        Raises:
            ConfigError: when one is not there (names those that are).
        """
        unknown = next((name for name in wanted if name not in self.names), None)
        if unknown is not None:
            raise ConfigError(f"There is no region '{unknown}'.", f"Choose from {', '.join(self.names)}.")
        chosen = [self.names.index(name) for name in dict.fromkeys(wanted)]
        return Regions(tuple(self.names[i] for i in chosen), lambda frame: self.at(frame)[chosen], self.moving)


@dataclass(frozen=True)
class Source:
    """The video that regions are for.

    Attributes:
        frames: for each of T frames the number of the source's frame nearest in time.
        width, height: of the source, pixels.
        size: S, of the model's frames.
    """

    frames: Sequence[int]
    width: int
    height: int
    size: int


def source_of(clip: Clip) -> Source:
    """A clip as regions are laid on it."""
    nearest = clip.skipped + clip.retiming.first + clip.retiming.weights.argmax(axis=1)
    return Source(nearest.tolist(), clip.scan.width, clip.scan.height, clip.frames.size)


def read_regions(name: str, source: Source) -> Regions:
    """Regions of a clip.

    Args:
        name: ``template``, or a file: ``.json`` with polygons, ``.npz`` with the phantom's truth, ``.mat`` with
            air-tissue boundaries of USC-TIMIT.
        source: the clip.

    Raises:
        ConfigError: when the file is of no kind that is known, or does not fit the clip.
        DatasetError: when a phantom's truth cannot be read.
    """
    if name == TEMPLATE:
        return _fixed(template_masks(source.size))
    path = Path(name)
    readers = {".json": _of_polygons, ".npz": of_truth, ".mat": of_contours}
    if path.suffix.lower() not in readers:
        raise ConfigError(
            f"`regions={name}`: neither 'template' nor a .json, .npz or .mat file.",
            "Give polygons (.json), a phantom's truth (.npz), or traced contours (.mat).",
        )
    return readers[path.suffix.lower()](path, source)


def _fixed(masks: dict[str, Bool]) -> Regions:
    stack = np.stack(list(masks.values()))
    return Regions(tuple(masks), lambda frame: stack)


def _of_polygons(path: Path, source: Source) -> Regions:
    return _fixed(read_polygons(path, source.size))


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
    """Where regions came from, the hash of the file (None for the template), and which regions were used.

    Args:
        name: what :func:`read_regions` took; None for regions made in memory.
        regions: those that were used.
    """
    return {
        "regions_of": name,
        "regions_sha256": None if name is None or name == TEMPLATE else hash_files([Path(name)]),
        "regions_moving": regions.moving,
        "regions": [{"name": one} for one in regions.names],
    }
