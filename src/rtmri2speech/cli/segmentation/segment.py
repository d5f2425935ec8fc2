"""``rtmri2speech segment``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions
from rtmri2speech.cli.batch.videos import Outcome, each_video
from rtmri2speech.cli.console import Backend, Device, Fps, VideoWorkers, ran_with, report_failures
from rtmri2speech.cli.segmentation.automatic import loaded_segmenter
from rtmri2speech.progress import SILENT, Progress


def segment(
    videos: Annotated[list[Path], Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")],
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    model: str = "segmenter",
    pixel_mm: float | None = None,
    smoothing: float = 0.01,
    fps: Fps = None,
    device: Device = "auto",
    backend: Backend = "auto",
    workers: VideoWorkers = 1,
    cluster: ClusterOptions = HERE,
) -> int:
    """Find the articulators in videos of anybody: tongue, lips, palate, velum, pharyngeal wall, larynx and more.

    Writes NAME_regions.npz, which every --regions takes, NAME_contours.csv with the contours in pixels and in
    millimeters, and NAME_segment.mp4 to look at.

    Parameters
    ----------
    videos
        Mid-sagittal real-time MRI; sound is not used.
    out
        Folder to write to.
    model
        The model file of train segmenter; by default the segmenter that comes with the program, which has been
        trained on simulated heads alone.
    pixel_mm
        Size of a pixel of the videos, mm; by default estimated from the length of the tract.
    smoothing
        Standard deviation of the smoothing in time, seconds; 0 for none, not even of what hardly moves.
        It is symmetric, so nothing lags.
    device
        Where to run; auto takes a GPU if there is one.
    cluster
        More than one machine.
    """
    from rtmri2speech.signal.frame_rate import frame_rate

    work = _Segmenting(out, model, pixel_mm, smoothing, frame_rate(fps), device, backend)
    return report_failures(each_video(work, videos, workers, cluster))


@dataclass(frozen=True)
class _Segmenting:
    out: Path
    model: str
    pixel_mm: float | None
    smoothing: float
    rate: Fraction | None
    device: str
    backend: Backend
    title: str = "Segmenting"

    def load(self, device: str, several: bool) -> None:
        from rtmri2speech.vocal_tract.segment import SegmentOptions

        SegmentOptions(self.pixel_mm, self.smoothing)
        loaded_segmenter(self.model, device, self.backend)

    def __call__(self, video: Path, bar: Progress = SILENT) -> Outcome:
        from rtmri2speech.data.media.scan import scan_video
        from rtmri2speech.vocal_tract.figures import write_overlay
        from rtmri2speech.vocal_tract.segment import SegmentOptions
        from rtmri2speech.vocal_tract.segment import segment as find

        scan = scan_video(video, self.rate)
        options = SegmentOptions(self.pixel_mm, self.smoothing)
        segmenter = loaded_segmenter(self.model, self.device, self.backend)
        found = find(scan, segmenter, options, progress=bar)
        files = found.save(self.out)
        write_overlay(found, scan, self.out)
        return Outcome([f"{files[0]}: {found}{ran_with(segmenter.ran_with)}"], list(found.notes))
