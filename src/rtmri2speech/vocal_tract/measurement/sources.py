"""What a tract is measured in: probabilities of every frame, from a segmenter or from labels that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from rtmri2speech.arrays import Float32, Float64, Floating, UInt8
from rtmri2speech.data.labels import CLASSES, class_of_label
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, contour_points, frame_contours, label_probabilities
from rtmri2speech.vocal_tract.measurement.file import FILE_SUFFIX
from rtmri2speech.vocal_tract.passage import Passage
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT, core_confidence
from rtmri2speech.vocal_tract.segmentation import LabelFile, is_label_file, large_array, read_labels
from rtmri2speech.vocal_tract.segmenter import Box

_CLASS_OF = class_of_label()
# What labels, which have no probabilities, promise for each class.
_SURE = np.ones(len(CLASSES) - 1)


class FrameSource(Protocol):
    """Probabilities of T frames, one after the other, and what is found on the way.

    Attributes:
        points: (T, K, P, 2), contours in pixels of the video; there after :meth:`maps`.
        confidence: (T,), float32, likewise.
        core: (T,), float32, likewise: of tongue, palate, velum and pharyngeal wall alone, where confidence is low.
        scale: pixels of the video per pixel of the probabilities.
        inside: rows and columns of the video in which the tract is looked for.
        notes: what is to be said of the frames and their labels, a line each.
    """

    points: Float64
    confidence: Float32
    core: Float32
    scale: float
    inside: Box
    notes: tuple[str, ...]

    def some(self, numbers: Iterable[int]) -> Iterator[Floating]:
        """Probabilities (C, S, S) of some frames, by number."""

    def maps(self) -> Iterator[Floating]:
        """Probabilities (C, S, S) of every frame."""

    def to_source(self, points: Float64) -> Float64:
        """x and y (N, 2) on the probabilities as those on the video."""

    @property
    def turn(self) -> int:
        """Degrees by which the head is to be turned clockwise; to be asked after :meth:`maps`."""


class SegmentedFrames:
    """Frames as a segmenter finds them.

    Args:
        passage: of the recording.
    """

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self.points, self.confidence, self.core = passage.points, passage.confidence, passage.core
        self.scale = passage.placement.scale
        self.inside, self.notes = passage.inside, passage.notes

    def some(self, numbers: Iterable[int]) -> Iterator[Floating]:
        """Probabilities (C, S, S) of some frames, by number, without smoothing."""
        return (one.numpy() for one in self._passage.probabilities_of(numbers))

    def maps(self) -> Iterator[Floating]:
        """Probabilities (C, S, S) of every frame."""
        return (found.maps.numpy() for found in self._passage.frames())

    def to_source(self, points: Float64) -> Float64:
        """x and y (N, 2) on the probabilities as those on the video."""
        return self._passage.to_source(points)

    @property
    def turn(self) -> int:
        """Degrees by which the head is to be turned clockwise; to be asked after :meth:`maps`."""
        return self._passage.turn


class LabeledFrames:
    """Frames as somebody has labeled them.

    Args:
        file: labels of every frame.
        progress: counts frames.
        notes: what is to be said of them.
    """

    scale = 1.0

    def __init__(self, file: LabelFile, progress: Progress = SILENT, notes: tuple[str, ...] = ()) -> None:
        self._labels, self._progress = file.labels, progress
        self.confidence, self.notes = file.confidence, notes
        self.core = np.ones(len(file.labels), np.float32)
        _, height, width = file.labels.shape
        self.inside = slice(0, height), slice(0, width)
        self.points = large_array((len(file.labels), len(CONTOURS), POINTS, 2), np.float32)
        progress.expect(len(file.labels))

    def some(self, numbers: Iterable[int]) -> Iterator[Floating]:
        """Probabilities (C, H, W) of some frames, by number."""
        return (label_probabilities(self._labels[number]) for number in numbers)

    def maps(self) -> Iterator[Floating]:
        """Probabilities (C, H, W) of every frame."""
        for number, labels in enumerate(self._labels):
            one = label_probabilities(labels)
            self.points[number] = contour_points(frame_contours(one))
            if self.confidence[number] < CONFIDENT:
                self.core[number] = core_confidence(_SURE, _CLASS_OF[labels])
            self._progress.advance(1)
            yield one

    def to_source(self, points: Float64) -> Float64:
        """x and y (N, 2) on the probabilities, which are those on the video."""
        return points

    @property
    def turn(self) -> int:
        """Whoever has labeled a frame has looked at it."""
        return 0


def labels_of(path: Path, scan: VideoScan) -> LabelFile:
    """Labels of a video's every frame, as ``segment`` writes them or of a phantom's truth.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another video.
    """
    if path.name.endswith(FILE_SUFFIX):
        raise DatasetError(
            f"{path}: a measured tract, which holds no labels.",
            "Give NAME_regions.npz of segment; what is measured already need not be measured again.",
        )
    found = read_labels(path) if is_label_file(path) else _of_truth(Truth.load(path), scan)
    _require_fit(found.labels, scan, path)
    return found


def labels_notes(labels: LabelFile, path: Path, content: str) -> tuple[str, ...]:
    """What to say of labels that were made from another file than the video with a hash ``content``."""
    if labels.video_sha256 in ("", content):
        return ()
    return (f"{path.name} was made from another video, or from an earlier version of this one. Check that it fits.",)


def _of_truth(truth: Truth, scan: VideoScan) -> LabelFile:
    return LabelFile(truth.regions, scan.rate, None, np.ones(len(truth.regions), np.float32))


def _require_fit(labels: UInt8, scan: VideoScan, path: Path) -> None:
    remedy = "Give the labels of this video: run segment on it."
    if labels.shape[1:] != (scan.height, scan.width):
        raise ConfigError(
            f"{path}: labels of {labels.shape[2]} x {labels.shape[1]} pixels for a video of "
            f"{scan.width} x {scan.height} ({scan.path.name}).",
            remedy,
        )
    if len(labels) != scan.n_frames:
        raise ConfigError(
            f"{path}: labels of {len(labels)} frames for a video of {scan.n_frames} ({scan.path.name}).", remedy
        )
