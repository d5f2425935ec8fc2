"""Articulators of a recording: every frame segmented, smoothed in time, cleaned, and its contours traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.tract.cleaning import clean, plausibility
from rtmri2speech.tract.contours import CONTOURS, POINTS, Contours, frame_contours
from rtmri2speech.tract.outlines import resample
from rtmri2speech.tract.segmentation import CONFIDENT, PixelSource, Segmentation, confidence_notes, large_array
from rtmri2speech.tract.segmenter import (
    SHIPPED,
    SMOOTHING_SECONDS,
    FrameSegmenter,
    Placement,
    load_segmenter,
    smoothed,
    smoothing_weights,
)
from rtmri2speech.tract.size import estimate_pixel_mm
from rtmri2speech.tract.tongue_parts import cut_tongue

# Label of each class; the parts of the tongue are cut afterwards.
_LABEL_OF = np.array([min(labels) for labels in CLASSES.values()], np.uint8)
_PIXEL_MM = (0.2, 10.0)


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
    video: str | Path,
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
        video: mid-sagittal real-time MRI.
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
    scan = scan_video(Path(video), fps)
    scan.require_whole()
    placement = segmenter.placement((scan.height, scan.width))
    progress.expect(scan.n_frames)
    labels = large_array((scan.n_frames, scan.height, scan.width), np.uint8)
    points = large_array((scan.n_frames, len(CONTOURS), POINTS, 2), np.float32)
    confidence = np.zeros(scan.n_frames, np.float32)
    weights = smoothing_weights(scan.rate, options.smoothing)
    for number, maps in enumerate(smoothed(segmenter.probabilities(scan.read()), weights)):
        labels[number], points[number], confidence[number] = _one(maps, placement)
        progress.advance(1)
    size, source = _pixel_size(points, confidence, options.pixel_mm)
    contours = Contours(points, scan.rate, size)
    notes = (*confidence_notes(confidence), *_size_notes(size, source))
    hashes = hash_files([scan.path]), weights_hash(segmenter.bundle)
    return Segmentation(Path(video).stem, labels, confidence, contours, source, notes, *hashes)


def _one(maps: Tensor, placement: Placement) -> tuple[UInt8, Float32, float]:
    """Labels (H, W), contours (K, P, 2) in source pixels, and confidence of one frame's probabilities (C, S, S)."""
    square = maps.numpy()
    classes = clean(placement.to_source(maps).numpy())
    certain = float(square.max(axis=0)[square.argmax(axis=0) != 0].mean()) if (square[0] < 0.5).any() else 0.0
    found = frame_contours(square)
    points = np.full((len(CONTOURS), POINTS, 2), np.nan, np.float32)
    for index, name in enumerate(CONTOURS):
        if name in found:
            points[index] = placement.points(resample(found[name], POINTS))
    return cut_tongue(_LABEL_OF[classes]), points, certain * plausibility(classes) ** 2


def _pixel_size(points: Float32, confidence: Float32, given: float | None) -> tuple[float | None, PixelSource]:
    if given is not None:
        return given, "given"
    estimated = estimate_pixel_mm(points[confidence >= CONFIDENT])
    return estimated, "unknown" if estimated is None else "estimated"


def _size_notes(size: float | None, source: PixelSource) -> Iterator[str]:
    if source == "estimated":
        yield (
            f"the size of a pixel is not known; {size:.2f} mm is estimated from a tract of average length. "
            "Give `pixel_mm` for millimeters that can be compared between speakers."
        )
