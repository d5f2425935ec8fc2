"""Geometry of the tract straight from a video: segmenter, grid, walls and contours in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours, frame_contours
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.geometry.geometry import TractGeometry, grid_of, measure_geometry, typical
from rtmri2speech.vocal_tract.geometry.midline import MIDLINE_SECONDS
from rtmri2speech.vocal_tract.outlines import resample
from rtmri2speech.vocal_tract.segmenter import (
    SHIPPED,
    FrameSegmenter,
    Placement,
    load_segmenter,
    smoothed,
    smoothing_weights,
)


def geometry_of_video(
    video: str | Path,
    pixel_mm: float,
    model: str | Path | FrameSegmenter = SHIPPED,
    *,
    area_model: AreaModel | str | Path | None = None,
    smoothing: float = MIDLINE_SECONDS,
    fps: FrameRate | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> TractGeometry:
    """Measure the tract in every frame of a video.

    Args:
        video: mid-sagittal real-time MRI.
        pixel_mm: size of a pixel of the video, mm.
        model: a segmenter: a file, the name of a shipped one, or one that is loaded already.
        area_model: a model, the name of one that comes with the program (``people``, the default, or ``phantom``), or
            a lab's file of one.
        smoothing: of the midline in time, seconds, standard deviation; 0 for raw values.
        fps: true frame rate, where the file's is wrong.
        device: ``auto``, ``cpu`` or ``cuda``.
        progress: counts frames.

    Raises:
        MediaError: when the video cannot be read, is damaged, or too small to show anything.
        BundleError: when the model is no segmenter.
        ConfigError: when the area model cannot be used.
    """
    segmenter = model if isinstance(model, FrameSegmenter) else load_segmenter(model, device)
    scan = scan_video(Path(video), fps)
    scan.require_whole()
    placement = segmenter.placement((scan.height, scan.width))
    progress.expect(scan.n_frames)
    wanted = set(typical(scan.n_frames))
    first = (frame for number, frame in enumerate(scan.read()) if number in wanted)
    grid = grid_of(maps.numpy() for maps in segmenter.probabilities(first))
    points = np.full((scan.n_frames, len(CONTOURS), POINTS, 2), np.nan)
    maps = smoothed(segmenter.probabilities(scan.read()), smoothing_weights(scan.rate))
    return measure_geometry(
        _traced(maps, placement, points, progress),
        grid,
        Contours(points, scan.rate, pixel_mm),
        pixel_mm=pixel_mm,
        to_source=placement.points,
        scale=placement.scale,
        area_model=area_model,
        smoothing=smoothing,
    )


def _traced(maps: Iterator[Tensor], placement: Placement, points: Float64, progress: Progress) -> Iterator[Float32]:
    """Probabilities as arrays; their contours are noted in ``points`` on the way."""
    for number, one in enumerate(maps):
        square = one.numpy()
        for name, line in frame_contours(square).items():
            points[number, CONTOURS.index(name)] = placement.points(resample(line, POINTS))
        progress.advance(1)
        yield square
