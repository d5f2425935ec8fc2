"""``rtmri2speech segment``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import Backend, Device, Fps, progress, ran_with, report_failures
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import UserError
from rtmri2speech.signal.frame_rate import frame_rate


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
    """
    rate = frame_rate(fps)
    from rtmri2speech.corpora.names import refuse_same_names

    refuse_same_names(videos)

    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.vocal_tract.figures import write_overlay
    from rtmri2speech.vocal_tract.segment import SegmentOptions
    from rtmri2speech.vocal_tract.segment import segment as find
    from rtmri2speech.vocal_tract.segmenter import load_segmenter

    options, segmenter = SegmentOptions(pixel_mm, smoothing), load_segmenter(model, device, backend)
    failures: list[tuple[Path, UserError]] = []
    with progress("Segmenting", "frames") as bar:
        for video in videos:
            bar.describe(video.name)
            try:
                scan = scan_video(video, rate)
                found = find(scan, segmenter, options, progress=bar)
                files = found.save(out)
                write_overlay(found, scan, out)
            except UserError as error:
                failures.append((video, error))
                continue
            print_notes(found.notes, video.name)
            print(f"{files[0]}: {found}{ran_with(segmenter.ran_with)}")
    return report_failures(failures)
