"""Articulators of a recording: every frame segmented, smoothed in time, cleaned, and its contours traced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import label_of_class
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.models.exported.backends import Backend
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.clock import time_notes
from rtmri2speech.vocal_tract.contours import Contours
from rtmri2speech.vocal_tract.passage import Passage, turn_note
from rtmri2speech.vocal_tract.refinement.tongue_parts import cut_tongue
from rtmri2speech.vocal_tract.segmentation import Segmentation, confidence_notes, large_array
from rtmri2speech.vocal_tract.segmenter import SHIPPED, SMOOTHING_SECONDS, FrameSegmenter, load_segmenter
from rtmri2speech.vocal_tract.size import pixel_size, require_pixel_mm, shape_notes, size_notes

# Label of each class; the parts of the tongue are cut afterwards.
_LABEL_OF = label_of_class()


def require_smoothing(seconds: float) -> None:
    """Refuse what is no smoothing in time.

    Raises:
        ConfigError: saying so.
    """
    if not 0.0 <= seconds <= 1.0:
        raise ConfigError(f"`smoothing={seconds:g}`: not within 0 to 1 s.", "Give seconds, such as 0.01.")


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
        require_pixel_mm(self.pixel_mm)
        require_smoothing(self.smoothing)


def segment(
    video: str | Path | VideoScan,
    model: str | Path | FrameSegmenter = SHIPPED,
    options: SegmentOptions | None = None,
    *,
    pixel_mm: float | None = None,
    smoothing: float = SMOOTHING_SECONDS,
    fps: FrameRate | None = None,
    device: str = "auto",
    backend: Backend = "auto",
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
        backend: what computes the network; see :func:`~rtmri2speech.vocal_tract.segmenter.load_segmenter`.
        progress: counts frames.

    Raises:
        MediaError: when the video cannot be read, is damaged, or too small to show anything.
        BundleError: when the model is no segmenter.
        ConfigError: for a value that cannot be.
        UserError: for a backend that cannot be used.
    """
    options = options or SegmentOptions(pixel_mm, smoothing)
    segmenter = model if isinstance(model, FrameSegmenter) else load_segmenter(model, device, backend)
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video), fps)
    scan.require_whole()
    passage = Passage(scan, segmenter, options.smoothing, progress)
    labels = large_array((scan.n_frames, scan.height, scan.width), np.uint8)
    for number, found in enumerate(passage.frames()):
        if found.classes is not None:
            labels[number][found.there] = cut_tongue(_LABEL_OF[found.classes])
    turn, confidence = passage.turn, passage.confidence
    size, source = pixel_size(passage.points, confidence, options.pixel_mm)
    contours = Contours(passage.points, scan.rate, size)
    notes = (
        *passage.notes,
        *((turn_note(turn),) if turn else confidence_notes(confidence)),
        *size_notes(size, source),
        *shape_notes(scan.pixel_aspect),
        *time_notes(scan),
        *segmenter.notes,
    )
    hashes = hash_files([scan.path]), weights_hash(segmenter.bundle)
    return Segmentation(scan.path.stem, labels, confidence, contours, source, notes, *hashes)
