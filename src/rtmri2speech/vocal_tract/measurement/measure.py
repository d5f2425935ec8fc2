"""The vocal tract of a recording in millimeters, and what sounds from it: the whole way from a video."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.corpora.phantom import pixel_mm_of
from rtmri2speech.corpora.sound_of_recording import clock_of_video
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import MediaError
from rtmri2speech.models.bundle.model_file import weights_hash
from rtmri2speech.models.exported.backends import Backend
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.acoustics.losses import Losses
from rtmri2speech.vocal_tract.contours import Contours
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel, load_area_model
from rtmri2speech.vocal_tract.geometry.geometry import grid_of, measure_geometry, typical
from rtmri2speech.vocal_tract.geometry.midline import MIDLINE_SECONDS
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.notes import notes_of
from rtmri2speech.vocal_tract.measurement.sources import (
    FrameSource,
    LabeledFrames,
    SegmentedFrames,
    labels_notes,
    labels_of,
)
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.measurement.view import View, blanked, is_lost, only_in_view, shows_larynx, view_of
from rtmri2speech.vocal_tract.passage import Passage
from rtmri2speech.vocal_tract.segment import require_smoothing
from rtmri2speech.vocal_tract.segmentation import LabelFile, PixelSource
from rtmri2speech.vocal_tract.segmenter import SHIPPED, SMOOTHING_SECONDS, FrameSegmenter, load_segmenter
from rtmri2speech.vocal_tract.size import pixel_size, require_pixel_mm


def tract(
    video: str | Path | VideoScan,
    model: str | Path | FrameSegmenter = SHIPPED,
    *,
    regions: str | Path | None = None,
    pixel_mm: float | None = None,
    area_model: AreaModel | str | Path | None = None,
    smoothing: float = MIDLINE_SECONDS,
    losses: Losses | None = None,
    fps: FrameRate | None = None,
    device: str = "auto",
    backend: Backend = "auto",
    progress: Progress = SILENT,
) -> Tract:
    """Measure the vocal tract in every frame of a video: distances, areas, constrictions, formants.

    Memory grows by some 15 kB per frame, whatever its size.

    Args:
        video: mid-sagittal real-time MRI; or its scan, which is not decoded again.
        model: a segmenter: a file, the name of a shipped one, or one that is loaded already.
        regions: labels of this video in place of a segmenter: a file of ``segment``, or a phantom's truth.
        pixel_mm: size of a pixel of the video, mm; by default that of ``regions``, of the phantom that the video
            belongs to, or else estimated from the size of the tract.
        area_model: a model, the name of one that comes with the program (``people``, the default, or ``phantom``), or
            a lab's file of one.
        smoothing: of the midline in time, seconds, standard deviation, symmetric, so that nothing lags; 0 for raw
            values, of the probabilities too.
        losses: of the tract; Sondhi and Schroeter's (1987) by default.
        fps: true frame rate, where the file's is wrong.
        device: ``auto``, ``cpu`` or ``cuda``.
        backend: what computes the network; see :func:`~rtmri2speech.vocal_tract.segmenter.load_segmenter`.
        progress: counts frames.

    Raises:
        MediaError: when the video cannot be read, is damaged, or too small to show anything.
        BundleError: when the model is no segmenter.
        DatasetError: when ``regions`` cannot be read.
        ConfigError: for a value that cannot be, an area model that cannot be used, or regions of another video.
        UserError: for a backend that cannot be used.
    """
    require_pixel_mm(pixel_mm)
    require_smoothing(smoothing)
    areas = area_model if isinstance(area_model, AreaModel) else load_area_model(area_model)
    segmenter = None if regions is not None else _loaded(model, device, backend)
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video), fps)
    scan.require_whole()
    content = hash_files([scan.path])
    if segmenter is None:
        labels = labels_of(Path(str(regions)), scan)
        source: FrameSource = LabeledFrames(labels, progress, labels_notes(labels, Path(str(regions)), content))
        weights, stated = labels.model_sha256, _Stated(pixel_mm, labels)
    else:
        source = SegmentedFrames(Passage(scan, segmenter, SMOOTHING_SECONDS if smoothing > 0 else 0.0, progress))
        weights, stated = weights_hash(segmenter.bundle), _Stated(pixel_mm)
    some = [np.asarray(one) for one in source.some(typical(scan.n_frames))]
    size = _PixelSize(scan.path, source, stated, bool(some) and shows_larynx(np.mean(some, axis=0)))
    geometry = measure_geometry(
        source.maps(),
        grid_of(some),
        Contours(source.points, scan.rate),
        pixel_mm=size.measured,
        to_source=source.to_source,
        scale=source.scale,
        area_model=areas,
        smoothing=smoothing,
    )
    view = None if is_lost(source) else size.view
    geometry = blanked(geometry) if view is None else only_in_view(geometry, view)
    sound = tract_formants(geometry.length, geometry.area, geometry.area_range, losses)
    pixel, pixel_source = size.found
    lead, seconds = _clock(scan)
    result = Tract(
        **{one.name: getattr(geometry, one.name) for one in fields(geometry)},
        name=scan.path.stem,
        pixel_source=pixel_source,
        formants=sound.frequencies,
        formant_range=sound.ranges,
        bandwidths=sound.bandwidths,
        sensitivity=sound.sensitivity,
        confidence=source.confidence,
        contours=Contours(source.points, scan.rate, pixel),
        area_model=areas.name,
        video_sha256=content,
        model_sha256=weights,
        label_lead=lead,
        label_seconds=seconds,
    )
    fallback = () if segmenter is None else segmenter.notes
    return replace(result, notes=(*notes_of(result, scan, source, view), *fallback))


def _clock(scan: VideoScan) -> tuple[float, float]:
    """Where annotations of the recording start, and how long they are; its sound is not needed for anything else."""
    try:
        return clock_of_video(scan)
    except MediaError:
        return 0.0, float("nan")


def _loaded(model: str | Path | FrameSegmenter, device: str, backend: Backend) -> FrameSegmenter:
    return model if isinstance(model, FrameSegmenter) else load_segmenter(model, device, backend)


@dataclass(frozen=True)
class _Stated:
    """What is said of the size of a pixel: by the user, by a file of labels."""

    given: float | None
    labels: LabelFile | None = None


@dataclass
class _PixelSize:
    """The size of a pixel of a video; it may have to be estimated from contours, once they are all there.

    Attributes:
        view: what of the tract is in view; there after :meth:`measured`.
    """

    video: Path
    source: FrameSource
    stated: _Stated
    larynx: bool
    view: View = field(default_factory=View)

    def measured(self, midline: Float64) -> float:
        """mm, NaN where it is unknown, for a midline (T, 41, 2) in pixels."""
        self.view = view_of(midline, self.source.points, self.source.inside, self.larynx)
        return self.found[0] or np.nan

    @cached_property
    def found(self) -> tuple[float | None, PixelSource]:
        """mm, and where that comes from."""
        given, labels = self.stated.given, self.stated.labels
        if given is None and labels is not None and labels.pixel_mm is not None:
            return labels.pixel_mm, "estimated" if labels.pixel_estimated else "regions"
        if given is None and (of_phantom := pixel_mm_of(self.video)) is not None:
            return of_phantom, "phantom"
        # Of a head that lies on its side nothing can be estimated: that lowers the confidence.
        _ = self.source.turn
        view, source = self.view, self.source
        # Where a part is out of view, confidence is low for that alone.
        trust = np.minimum(source.core, 1.0 - source.turn) if view.hidden else source.confidence
        return pixel_size(source.points, trust, given, larynx=view.larynx, lips=view.lips)
