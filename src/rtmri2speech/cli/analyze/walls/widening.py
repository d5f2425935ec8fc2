"""``rtmri2speech analyze widening``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rtmri2speech.cli.analyze.options import Bands, Columns, Out, Video, check_labels, opened
from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.analysis.widening.result import Widening


def widening(
    video: Video,
    *,
    model: ModelFile,
    out: Out,
    regions: str = "auto",
    bands: Bands = None,
    width: float = 120.0,
    target: Literal["center", "formant"] = "center",
    held: Annotated[bool, Flag] = False,
    target_frames: Annotated[list[int], Many] | None = None,
    segment: Annotated[list[str], Many] | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    movie: Annotated[bool, Flag] = False,
    pixel_mm: float | None = None,
    area_model: str | None = None,
    tract_model: str | None = None,
    columns: Columns = 2,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Show in Hz per millimeter what moving a wall of the tract does to each formant, by the model and by physics.

    Writes NAME_widening.npz with everything; NAME_widening.csv, Hz per mm that each of 40 sections from glottis to lips
    is widened by; NAME_widening_walls.csv, Hz per mm that each wall is moved away from the airway; of segments,
    NAME_widening_segments.csv; and a figure as PDF, SVG and PNG. Positive raises the formant.

    Parameters
    ----------
    video
        The video.
    model
        A model file with an acoustic model: of frames, whose walls are moved in the frames, or of a measured tract
        (strangers), whose distances are changed.
    regions
        Where the walls are: auto, measured in the video as tract does; NAME_tract.npz, which tract wrote;
        NAME_regions.npz of segment, perhaps corrected by hand; or a phantom's truth.
    bands
        Where formants are looked for, such as F2:900-2500; F1 to F4 in ascending order if none is given.
    width
        Standard deviation, in Hz, of the window about a formant in which its center of gravity is taken.
    target
        What is differentiated: that center of gravity, or the formant itself, as linear prediction finds it.
    held
        Also what happens when a wall is moved in all frames around a frame, and in that one alone: three times as long.
    target_frames
        Frames to draw, counted from 0.
    segment
        Stretches to average, in seconds: a:0.8-1.2; of each the middle third counts.
    textgrid
        A Praat TextGrid whose labels name the stretches, in the time of the video's sound; or a CSV table of intervals:
        label, start, end.
    tier
        Its tier.
    label
        Which labels of the tier; all of their tokens are used.
    movie
        Also write NAME_widening.mp4, the colored walls over the moving frames with sound.
    pixel_mm
        Size of a pixel of the video, mm; by default as regions say, or else estimated from the length of the tract.
    area_model
        Alpha and beta by region of the tract, as for tract: people, phantom for simulated speakers, or a file of your
        own; by default what NAME_tract.npz was measured with, or people.
    tract_model
        A second model, of a measured tract, to answer next to a model of frames: strangers, or a file.
    device
        Where to run; auto takes a GPU if there is one.
    """
    check_labels(textgrid, label)

    from rtmri2speech.analysis.widening.compute import widening as widen

    loaded, clip, segments = opened(
        video, model, device, fps, target_frames, segment, textgrid, tier, label, of_frames=False
    )
    with progress(f"Widening {video.name}", "frames") as bar:
        sizes: dict[str, Any] = {"pixel_mm": pixel_mm, "area_model": area_model, "tract_model": tract_model}
        about: dict[str, Any] = {"bands": bands, "width": width, "target": target, **sizes}
        found = widen(loaded, clip, regions=regions, held=held, fps=fps, progress=bar, **about)
    _write(found.with_segments(segments), out, target_frames or [], columns, movie)
    return 0


def _write(found: Widening, out: Path, frames: list[int], columns: Columns, movie: bool) -> None:
    from rtmri2speech.reporting.figures.widening import draw_widening

    files = found.save(out) + draw_widening(found, out, frames, columns)
    if movie and found.clip is not None:
        from rtmri2speech.reporting.video.sources import sound_for
        from rtmri2speech.reporting.video.widening import write_widening_video

        files.append(write_widening_video(found, out, sound_for(found.clip, None)))
    print_notes(found.notes, found.name)
    for path in files:
        print(path)
