"""Articulators of a recording: every frame segmented, smoothed in time, cleaned, and its contours traced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.bars import inside_bars
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import label_of_class
from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.cleaning import clean
from rtmri2speech.vocal_tract.confidence import CONFIDENT, confidence_of, expected_dice
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
from rtmri2speech.vocal_tract.steadiness import steadied
from rtmri2speech.vocal_tract.tongue_parts import cut_tongue

# Label of each class; the parts of the tongue are cut afterwards.
_LABEL_OF = label_of_class()
_PIXEL_MM = (0.2, 10.0)
# Whether the head is upright is asked where the median confidence is below this (that of people's recordings is above),
# of some frames; another direction must give this much more confidence.
_SURE, _LOOKED_AT, _BETTER = 0.78, 5, 0.08
# Bars are looked for in some of the first frames, cover at least this share of a side, and must cost some confidence:
# what a scanner left black is part of its frame.
_FIRST, _BAR, _COST = 256, 0.04, 0.01


@dataclass(frozen=True)
class SegmentOptions:
    """How a recording is segmented.

    Attributes:
        pixel_mm: size of a pixel, mm; None to estimate it.
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none, not even of what hardly moves.

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
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none, not even of what hardly moves.
            It is symmetric: nothing lags.
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
    inside = _inside(segmenter, scan)
    placement = segmenter.placement(_shape(inside))
    progress.expect(scan.n_frames)
    labels = large_array((scan.n_frames, scan.height, scan.width), np.uint8)
    points = large_array((scan.n_frames, len(CONTOURS), POINTS, 2), np.float32)
    confidence = np.zeros(scan.n_frames, np.float32)
    some = _Some(scan.n_frames)
    promised: deque[float] = deque()
    found = smoothed(
        segmenter.probabilities(some.kept(frame[inside] for frame in scan.read())),
        smoothing_weights(scan.rate, options.smoothing),
    )
    found = _noted(found, placement, promised)
    for number, maps in enumerate(steadied(found, scan.rate) if options.smoothing else found):
        labels[(number, *inside)], points[number], confidence[number] = _one(maps, placement, promised.popleft())
        progress.advance(1)
    points += np.array([inside[1].start, inside[0].start], np.float32)
    turn = 0
    if np.median(confidence) < _SURE and (turn := _turn(segmenter, some.frames)):
        # The labels are those of a head that is not there.
        confidence *= 0.5
    size, source = _pixel_size(points, confidence, options.pixel_mm)
    contours = Contours(points, scan.rate, size)
    notes = (
        *_bar_notes(inside, labels.shape[1:]),
        *(_turn_notes(turn) if turn else confidence_notes(confidence)),
        *_size_notes(size, source),
    )
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


def _inside(segmenter: FrameSegmenter, scan: VideoScan) -> Box:
    """Rows and columns of the frames in which to look: all, or what lies within bars that make the network unsure."""
    whole = slice(0, scan.height), slice(0, scan.width)
    some = _Some(min(scan.n_frames, _FIRST))
    deque(some.kept(islice(scan.read(), _FIRST)), maxlen=0)
    inside = inside_bars(some.frames)
    if all(part.stop - part.start > (1.0 - _BAR) * all_.stop for part, all_ in zip(inside, whole, strict=True)):
        return whole
    if min(_shape(inside)) < SMALLEST:
        return whole
    sure, surer = (_sureness(segmenter, [frame[box] for frame in some.frames]) for box in (whole, inside))
    return inside if surer > sure + _COST else whole


def _shape(box: Box) -> tuple[int, int]:
    rows, columns = box
    return rows.stop - rows.start, columns.stop - columns.start


def _sureness(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> float:
    """Median confidence of some frames."""
    placement = segmenter.placement(frames[0].shape)
    return float(np.median([_one(maps, placement)[2] for maps in segmenter.probabilities(frames)]))


def _turn(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> int:
    """Degrees by which the frames should be turned clockwise before anything is looked for in them: 0 or 90 to 270."""
    found = [_sureness(segmenter, [np.rot90(frame, -quarters) for frame in frames]) for quarters in range(4)]
    best = int(np.argmax(found))
    return 90 * best if found[best] >= max(CONFIDENT, found[0] + _BETTER) else 0


def _noted(maps: Iterable[Tensor], placement: Placement, promised: deque[float]) -> Iterator[Tensor]:
    """Probabilities as they are; what they promise is noted, since means over frames are less sure than frames are."""
    for one in maps:
        box = head_box(one, placement.scale)
        promised.append(0.0 if box is None else expected_dice(one[:, *box].numpy()))
        yield one


def _one(maps: Tensor, placement: Placement, promised: float | None = None) -> tuple[UInt8, Float32, float]:
    """Labels (H, W), contours (K, P, 2) in source pixels, and confidence of one frame's probabilities (C, S, S).

    Args:
        maps: the probabilities.
        placement: of the source on their square.
        promised: Dice's coefficient to expect, where it is not to be taken from these probabilities.
    """
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
    expected = expected_dice(square) if promised is None else promised
    return labels, points, confidence_of(expected, classes, labels.size)


def _pixel_size(points: Float32, confidence: Float32, given: float | None) -> tuple[float | None, PixelSource]:
    if given is not None:
        return given, "given"
    estimated = estimate_pixel_mm(points[confidence >= CONFIDENT])
    return estimated, "unknown" if estimated is None else "estimated"


def _bar_notes(inside: Box, whole: tuple[int, ...]) -> Iterator[str]:
    height, width = _shape(inside)
    if (height, width) != whole:
        yield (
            f"bars around the frames: articulators were looked for in the {width} x {height} pixels within them, "
            f"from column {inside[1].start} and row {inside[0].start} on."
        )


def _turn_notes(turn: int) -> Iterator[str]:
    yield (
        f"the head is not upright: turned by {turn} degrees clockwise, the frames show a vocal tract. "
        "The labels are not to be used. Turn the video first."
    )


def _size_notes(size: float | None, source: PixelSource) -> Iterator[str]:
    if source == "estimated":
        yield (
            f"the size of a pixel is not known; {size:.2f} mm is estimated from an adult's tract of average length, "
            f"right within some {100 * EXPECTED_ERROR:.0f} %. "
            "Give `pixel_mm` for millimeters that can be compared between speakers."
        )
