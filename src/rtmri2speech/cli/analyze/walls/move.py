"""``rtmri2speech analyze move``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rtmri2speech.cli.analyze.options import Columns, Out, Video, check_labels, opened
from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.analysis.movement.result import Move

Direction = Literal["up", "down", "front", "back", "open", "close"]


def move(
    video: Video,
    *,
    model: ModelFile,
    out: Out,
    articulator: str,
    direction: Direction,
    by: str = "1mm",
    regions: str = "auto",
    width: float = 120.0,
    target_frames: Annotated[list[int], Many] | None = None,
    segment: Annotated[list[str], Many] | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    no_truth: Annotated[bool, Flag] = False,
    pixel_mm: float | None = None,
    area_model: str | None = None,
    columns: Columns = 2,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Move an articulator in every frame by some millimeters, and predict speech of the moved frames.

    Writes NAME_move_MOVEMENT.csv, what each formant does in Hz by the model, by the speaker's own tube and, of a
    simulated speaker, by the simulator; the same as .npz with everything; of segments, _segments.csv; the sound as
    _before.wav and _after.wav; and a figure as PDF, SVG and PNG. Frames whose passage is closed, or narrower than the
    movement, stay as they are.

    Parameters
    ----------
    video
        The video.
    model
        A model file with an acoustic model.
    articulator
        tongue, tongue_root, tongue_body, tongue_tip, upper_lip, lower_lip, palate_and_velum, pharyngeal_wall or
        epiglottis.
    direction
        up, down, front or back, as seen in the frame, front being where the face looks; open or close, each point of
        the wall away from the airway or into it.
    by
        How far, such as 1mm.
    regions
        Where the walls are: auto, measured in the video as tract does; NAME_tract.npz, which tract wrote;
        NAME_regions.npz of segment, perhaps corrected by hand; or a phantom's truth.
    width
        Standard deviation, in Hz, of the window about a formant in which its center of gravity is taken.
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
    no_truth
        Do not move the simulated speaker itself, which takes longer than all else.
    pixel_mm
        Size of a pixel of the video, mm; by default as regions say, or else estimated from the length of the tract.
    area_model
        Alpha and beta by region of the tract, as for tract: people, phantom for simulated speakers, or a file of your
        own; by default what NAME_tract.npz was measured with, or people.
    device
        Where to run; auto takes a GPU if there is one.
    """
    check_labels(textgrid, label)

    from rtmri2speech.analysis.movement.compute import move as move_articulator

    loaded, clip, segments = opened(video, model, device, fps, target_frames, segment, textgrid, tier, label)
    where: dict[str, Any] = {"regions": regions, "pixel_mm": pixel_mm, "area_model": area_model, "fps": fps}
    with progress(f"Moving {video.name}", "frames") as bar:
        found = move_articulator(
            loaded, clip, articulator, by, direction, width=width, simulated=not no_truth, progress=bar, **where
        )
    _write(found.with_segments(segments), out, target_frames or [], columns)
    return 0


def _write(found: Move, out: Path, frames: list[int], columns: Columns) -> None:
    from rtmri2speech.reporting.figures.move import draw_move

    files = found.save(out) + draw_move(found, out, frames, columns)
    print_notes(found.notes, found.name)
    for path in files:
        print(path)
