"""Regions that nobody has to draw: the segmenter finds the articulators in a video, and its labels are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from rtmri2speech.analysis.regions.masks import AUTO, Source
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import ConfigError, DatasetError, MediaError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.models.exported.backends import Backend
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate
from rtmri2speech.vocal_tract.segment import segment
from rtmri2speech.vocal_tract.segmentation import (
    LABELS_SUFFIX,
    LabelFile,
    Segmentation,
    confidence_notes,
    read_labels,
    write_labels,
)
from rtmri2speech.vocal_tract.segmenter import SHIPPED, FrameSegmenter, load_segmenter
from rtmri2speech.vocal_tract.size import size_notes


@dataclass(frozen=True)
class KeptLabels:
    """The labels of a video in a file.

    Attributes:
        path: ``<name>_regions.npz``, which :func:`rtmri2speech.analysis.regions.masks.read_regions` takes.
        notes: for the user: whether it was made or found, and what was odd about the video when it was made.
    """

    path: Path
    notes: tuple[str, ...] = ()


def keep_labels(
    video: str | Path,
    folder: str | Path,
    *,
    model: str | Path = SHIPPED,
    fps: FrameRate | None = None,
    device: str = "auto",
    backend: Backend = "auto",
    progress: Progress = SILENT,
) -> KeptLabels:
    """Find the articulators in a video and keep their labels in a folder.

    Labels that are there already are taken as long as video, segmenter and frame rate are what they were, and made
    anew otherwise. A file that ``segment`` wrote there is taken when it is of this video, and never overwritten.

    Args:
        video: mid-sagittal real-time MRI.
        folder: where ``<name>_regions.npz`` is kept, next to maps or results.
        model: a segmenter: a file, or the name of a shipped one.
        fps: true frame rate, where the file's is wrong.
        device: ``auto``, ``cpu`` or ``cuda``.
        backend: what computes the segmenter.
        progress: counts frames; none where labels are there.

    Raises:
        MediaError: when the video is gone or cannot be used.
        ConfigError: when a file of that name is there which is neither of this video nor made here.
        BundleError: when the model is no segmenter.
    """
    path, rate = Path(folder) / f"{Path(video).stem}{LABELS_SUFFIX}", frame_rate(fps)
    _require(Path(video))
    segmenter = load_segmenter(model, device, backend)
    hashes = hash_files([Path(video)]), weights_hash(segmenter.bundle)
    if path.exists():
        there = _labels_in(path)
        if there is None or not there.automatic:
            if there is None or there.video_sha256 != hashes[0]:
                raise ConfigError(
                    f"{path}: in the way of `regions={AUTO}`, which did not make it.",
                    f"Use it: `regions={path}`, or move it.",
                )
            return KeptLabels(path, (f"regions are those of {path}, which was there",))
        if (there.video_sha256, there.model_sha256) == hashes and rate in (None, there.frame_rate):
            return KeptLabels(path)
    found = segment(video, segmenter, fps=rate, progress=progress)
    write_labels(path, found, automatic=True)
    told = f"articulators were found by the segmenter; their labels are kept in {path}"
    # Whoever reads the labels says which are not to be trusted, and has no use for millimeters.
    others = {*size_notes(found.pixel_mm, found.pixel_source), *confidence_notes(found.confidence)}
    return KeptLabels(path, (told, *(note for note in found.notes if note not in others)))


def find_labels(source: Source, model: str | Path = SHIPPED) -> LabelFile:
    """Find the articulators in a clip, in memory; the last two clips are remembered while the program runs.

    Args:
        source: of the clip.
        model: a segmenter: a file, or the name of a shipped one.

    Raises:
        MediaError: when the video is gone, not known, or cannot be used.
        BundleError: when the model is no segmenter.
    """
    if source.video is None:
        raise ConfigError(f"`regions={AUTO}` needs the video, which is not known.", "Give regions of a file.")
    _require(source.video)
    segmenter = load_segmenter(model)
    hashes = hash_files([source.video]), weights_hash(segmenter.bundle)
    found = _segmented(_Work(*hashes, source.rate, source.video, segmenter))
    return LabelFile(found.labels, found.frame_rate, found.pixel_mm, found.confidence)


@dataclass(frozen=True)
class _Work:
    """A video to segment; equal to another one of the same content for a segmenter of the same weights."""

    content: str
    weights: str
    rate: Fraction | None
    video: Path = field(compare=False)
    segmenter: FrameSegmenter = field(compare=False)


@lru_cache(maxsize=2)
def _segmented(work: _Work) -> Segmentation:
    return segment(work.video, work.segmenter, fps=work.rate)


def _labels_in(path: Path) -> LabelFile | None:
    try:
        return read_labels(path)
    except DatasetError:
        return None


def _require(video: Path) -> None:
    if not video.is_file():
        raise MediaError(
            f"{video}: there is no such file for `regions={AUTO}` to look at.",
            "Run segment on the video where it is, and name the file that it writes: `regions=FILE`",
        )
