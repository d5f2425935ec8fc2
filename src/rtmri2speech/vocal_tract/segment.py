"""Articulators of a recording: every frame segmented, smoothed in time, cleaned, and its contours traced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import label_of_class
from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.cleaning import clean
from rtmri2speech.vocal_tract.confidence import CONFIDENT
from rtmri2speech.vocal_tract.confidence import confidence as frame_confidence
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours, contour_points, frame_contours
from rtmri2speech.vocal_tract.segmentation import PixelSource, Segmentation, confidence_notes, large_array
from rtmri2speech.vocal_tract.segmenter import (
    SHIPPED,
    SMALLEST,
    SMOOTHING_SECONDS,
    Box,
    FrameSegmenter,
    Placement,
    head_box,
    load_segmenter,
    smoothed,
    smoothing_weights,
)
from rtmri2speech.vocal_tract.size import EXPECTED_ERROR, estimate_pixel_mm
from rtmri2speech.vocal_tract.tongue_parts import cut_tongue

# Label of each class; the parts of the tongue are cut afterwards.
_LABEL_OF = label_of_class()
_PIXEL_MM = (0.2, 10.0)
# Whether the head is upright is asked where the median confidence is below this (that of people's recordings is above),
# of some frames, and whether it fills them; another direction or a part must give this much more confidence.
_SURE, _LOOKED_AT, _BETTER = 0.78, 5, 0.08
# Margins are no brighter than this share of the brightest pixel.
_DARK = 0.04


@dataclass(frozen=True)
class SegmentOptions:
    """How a recording is segmented.

    Attributes:
        pixel_mm: size of a pixel, mm; None to estimate it.
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none.

    Raises:
        ConfigError: for a value that cannot be.
    """

    pixel_mm: float | None = None
    smoothing: float = SMOOTHING_SECONDS

    def __post_init__(self) -> None:
        if self.pixel_mm is not None and not _PIXEL_MM[0] <= self.pixel_mm <= _PIXEL_MM[1]:
            raise ConfigError(
                f"`pixel_mm={self.pixel_mm:g}`: no pixel of an MRI scanner.", "Give millimeters, such as 2.4."
            )
        if not 0.0 <= self.smoothing <= 1.0:
            raise ConfigError(f"`smoothing={self.smoothing:g}`: not within 0 to 1 s.", "Give seconds, such as 0.01.")


def segment(
    video: str | Path | VideoScan,
    model: str | Path | FrameSegmenter = SHIPPED,
    options: SegmentOptions | None = None,
    *,
    pixel_mm: float | None = None,
    smoothing: float = SMOOTHING_SECONDS,
    fps: FrameRate | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Segmentation:
    """Find the articulators in every frame of a video.

    Args:
        video: mid-sagittal real-time MRI; or its scan, which is not decoded again.
        model: a segmenter: a file, the name of a shipped one, or one that is loaded already.
        options: in place of ``pixel_mm`` and ``smoothing``.
        pixel_mm: size of a pixel of the video, mm; None to estimate it from the size of the tract.
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none. It is symmetric: nothing lags.
        fps: true frame rate, where the file's is wrong.
        device: ``auto``, ``cpu`` or ``cuda``.
        progress: counts frames.

    Raises:
        MediaError: when the video cannot be read, is damaged, or too small to show anything.
        BundleError: when the model is no segmenter.
        ConfigError: for a value that cannot be.
    """
    options = options or SegmentOptions(pixel_mm, smoothing)
    segmenter = model if isinstance(model, FrameSegmenter) else load_segmenter(model, device)
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video), fps)
    scan.require_whole()
    placement = segmenter.placement((scan.height, scan.width))
    progress.expect(scan.n_frames)
    labels = large_array((scan.n_frames, scan.height, scan.width), np.uint8)
    points = large_array((scan.n_frames, len(CONTOURS), POINTS, 2), np.float32)
    confidence = np.zeros(scan.n_frames, np.float32)
    weights = smoothing_weights(scan.rate, options.smoothing)
    some = _Some(scan.n_frames)
    for number, maps in enumerate(smoothed(segmenter.probabilities(some.kept(scan.read())), weights)):
        labels[number], points[number], confidence[number] = _one(maps, placement)
        progress.advance(1)
    misplaced = _misplaced(segmenter, some.frames) if np.median(confidence) < _SURE else ""
    if misplaced:
        # The labels are those of a head that is not there.
        confidence *= 0.5
    size, source = _pixel_size(points, confidence, options.pixel_mm)
    contours = Contours(points, scan.rate, size)
    notes = (*((misplaced,) if misplaced else confidence_notes(confidence)), *_size_notes(size, source))
    hashes = hash_files([scan.path]), weights_hash(segmenter.bundle)
    return Segmentation(scan.path.stem, labels, confidence, contours, source, notes, *hashes)


class _Some:
    """A few frames, evenly spread over a recording of ``count``, kept while it passes."""

    def __init__(self, count: int) -> None:
        self._wanted = set(np.linspace(0, count - 1, _LOOKED_AT).astype(int).tolist())
        self.frames: list[GrayFrame] = []

    def kept(self, frames: Iterable[GrayFrame]) -> Iterator[GrayFrame]:
        for number, frame in enumerate(frames):
            if number in self._wanted:
                self.frames.append(frame)
            yield frame


def _misplaced(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> str:
    """What to do so that a head is found which lies on its side or in the middle of empty margins; "" for nothing."""
    rows, columns = _filled(frames)
    turned = {turn: [np.rot90(frame, -turn // 90) for frame in frames] for turn in (0, 90, 180, 270)}
    found = {turn: _median_confidence(segmenter, views) for turn, views in turned.items()}
    best = max(found, key=lambda turn: found[turn])
    wanted = max(CONFIDENT, found[0] + _BETTER)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if min(height, width) >= SMALLEST and max(height, width) < max(frames[0].shape):
        cropped = _median_confidence(segmenter, [frame[rows, columns] for frame in frames])
        if cropped >= max(wanted, found[best]):
            return (
                f"the head is small in empty margins: columns {columns.start} to {columns.stop - 1}, rows {rows.start} "
                f"to {rows.stop - 1} alone show a vocal tract. The labels are not to be used. Crop the video first "
                f"(ffmpeg -vf crop={width}:{height}:{columns.start}:{rows.start})."
            )
    if best == 0 or found[best] < wanted:
        return ""
    return (
        f"the head is not upright: turned by {best} degrees clockwise, the frames show a vocal tract. "
        "The labels are not to be used. Turn the video first."
    )


def _median_confidence(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> float:
    placement = segmenter.placement(frames[0].shape)
    return float(np.median([_one(maps, placement)[2] for maps in segmenter.probabilities(frames)]))


def _filled(frames: Sequence[GrayFrame]) -> Box:
    """Rows and columns of the frames (H, W) within margins that are dark in all of them."""
    brightest = np.max(frames, axis=0).astype(np.float64)
    low, high = brightest.min(), brightest.max()
    lit = brightest > low + _DARK * (high - low)
    ends = [np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0)]
    rows, columns = (slice(int(end[0]), int(end[-1]) + 1) if len(end) else slice(0, 0) for end in ends)
    return rows, columns


def _one(maps: Tensor, placement: Placement) -> tuple[UInt8, Float32, float]:
    """Labels (H, W), contours (K, P, 2) in source pixels, and confidence of one frame's probabilities (C, S, S)."""
    labels = np.zeros((placement.height, placement.width), np.uint8)
    points = np.full((len(CONTOURS), POINTS, 2), np.nan, np.float32)
    box = head_box(maps, placement.scale)
    if box is None:
        return labels, points, 0.0
    inside = maps[:, *box].contiguous()
    wanted, there = placement.to_source(inside, box)
    classes = clean(wanted.numpy())
    labels[there] = cut_tongue(_LABEL_OF[classes])
    corner = np.array([box[1].start, box[0].start])
    square = inside.numpy()
    found = contour_points(frame_contours(square, area=maps[0].numel()))
    points[:] = placement.points(found + corner)
    return labels, points, frame_confidence(square, classes, labels.size)


def _pixel_size(points: Float32, confidence: Float32, given: float | None) -> tuple[float | None, PixelSource]:
    if given is not None:
        return given, "given"
    estimated = estimate_pixel_mm(points[confidence >= CONFIDENT])
    return estimated, "unknown" if estimated is None else "estimated"


def _size_notes(size: float | None, source: PixelSource) -> Iterator[str]:
    if source == "estimated":
        yield (
            f"the size of a pixel is not known; {size:.2f} mm is estimated from an adult's tract of average length, "
            f"right within some {100 * EXPECTED_ERROR:.0f} %. "
            "Give `pixel_mm` for millimeters that can be compared between speakers."
        )
