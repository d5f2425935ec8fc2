"""``rtmri2speech render``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Fps, Many, progress
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import kept_regions

if TYPE_CHECKING:
    from rtmri2speech.reporting.video.render import RenderedVideo

Video = Annotated[Path, Parameter(name=["VIDEO", "--video"])]
Out = Annotated[Path, Parameter(name=["--out", "--output"], help="The .mp4 file to write.")]
Resize = Annotated[
    tuple[int, int] | None,
    Parameter(help="Width and height of a frame; if not given those of the source, 512 pixels at least."),
]
Gain = Annotated[float, Parameter(help="Full color at the largest value of the clip divided by this.")]
Legend = Annotated[
    bool, Parameter(negative="", help="Write below the frame what the colors mean, frame number and time.")
]
Label = Annotated[str, Parameter(help="Text to write below the frame.")]
Audio = Annotated[
    Path | None,
    Parameter(help="Sound that starts with the first frame; if not given the video's own (NAME.wav, or sound track)."),
]
Silent = Annotated[bool, Parameter(negative="", help="Write no sound.")]


def heatmap(
    sequence: Annotated[Path, Parameter(name=["SEQUENCE", "--sequence", "--heatmap"])],
    *,
    out: Out,
    video: Path | None = None,
    start_frame: int | None = None,
    end_frame: int | None = None,
    fps: str = "5",
    repeat: int = 4,
    alpha: float = 0.7,
    gain: Gain = 1.0,
    display: Literal["classical", "signed"] | None = None,
    resize: Resize = None,
    legend: Legend = False,
    label: Label = "",
    video_fps: Fps = None,
) -> int:
    """Make a slow-motion video of maps.

    Colors have one scale from the first frame to the last, that of the clip which the maps were made from.

    Parameters
    ----------
    sequence
        A sequence of analyze gradcam: gradcam_F1_sequence.npy, or that of a segment.
    video
        The video that the maps were made from, to show them over; on black if not given.
    start_frame
        First frame of the video, counted from 0; a file that was cut by hand from the video's maps begins with it.
    end_frame
        Last frame; it is shown too.
    fps
        Frames per second of the new video.
    repeat
        How often each map is shown: at 5 frames per second, 4 times are 0.8 s.
    alpha
        Opacity of the largest value over the video, 0 to 1.
    display
        The positive part (for gradcam by default), or both signs (for hirescam).
    """
    from rtmri2speech.reporting.video.render import render_heatmap

    with progress(f"Drawing {out.name}", "maps") as bar:
        made = render_heatmap(
            sequence,
            out,
            video=video,
            start_frame=start_frame,
            end_frame=end_frame,
            fps=fps,
            repeat=repeat,
            alpha=alpha,
            gain=gain,
            display=display,
            resize=resize,
            legend=legend,
            label=label,
            video_fps=video_fps,
            progress=bar,
        )
    print(f"{out}: {made.frames // repeat} maps, {made.seconds:.1f} s")
    return 0


def overlay(
    video: Video,
    *,
    heatmap: Path,
    out: Out,
    heatmap2: Path | None = None,
    audio: Audio = None,
    silent: Silent = False,
    alpha: float = 0.7,
    gain: Gain = 1.0,
    resize: Resize = None,
    legend: Legend = False,
    label: Label = "",
    fps: Fps = None,
) -> int:
    """Lay one or two maps over a video, with sound.

    Each map has one color, for its positive part; where both are large it is purple. Colors have one scale from the
    first frame to the last.

    Parameters
    ----------
    video
        The video that the maps were made from.
    heatmap
        A sequence of analyze gradcam: gradcam_F1_sequence.npy.
    heatmap2
        Another one, such as gradcam_F2_sequence.npy.
    alpha
        Opacity of the largest value, 0 to 1.
    """
    from rtmri2speech.reporting.video.render import render_overlay

    with progress(f"Drawing {out.name}", "frames") as bar:
        made = render_overlay(
            video,
            [path for path in (heatmap, heatmap2) if path is not None],
            out,
            audio=audio,
            silent=silent,
            alpha=alpha,
            gain=gain,
            resize=resize,
            legend=legend,
            label=label,
            fps=fps,
            progress=bar,
        )
    return _print_summary(made)


def masked(
    video: Video,
    *,
    region: Annotated[list[str], Many],
    out: Out,
    regions: str = "template",
    alpha: float = 0.0,
    fill: Literal["darken", "blur", "freeze", "neighbourhood"] = "darken",
    audio: Audio = None,
    silent: Silent = False,
    resize: Resize = None,
    legend: Legend = False,
    label: Label = "",
    fps: Fps = None,
    frame_rate: str | None = None,
) -> int:
    """Make a video with regions hidden, for viewing.

    To measure what hiding a region does, use analyze masking, which changes the model's input itself: a video is
    compressed, and what is read from it is normalized once more.

    Parameters
    ----------
    video
        The video.
    region
        Which regions to hide, one or several at once.
    regions
        Where the articulators are: auto (recommended: found in the video by the segmenter that comes with the program,
        and kept as NAME_regions.npz next to OUT), template (ellipses that suit a head looking to the left roughly),
        labels of segment or a phantom's truth (.npz), polygons drawn for the speaker (.json), or USC-TIMIT's contours
        (.mat).
    alpha
        How much of the region stays visible: 0 hides it, 1 leaves it as is.
    fill
        What replaces it: black, the frame out of focus, the clip's mean, or what lies around.
    frame_rate
        Frames per second of the new video: native for the recording's own, or a number such as 83.278; by default the
        reference configuration's 27.17. For a model of another frame rate, what its dataset was prepared with.
    """
    from rtmri2speech.reporting.video.render import render_masked

    where = kept_regions(regions, video, out.parent, fps)
    with progress(f"Drawing {out.name}", "frames") as bar:
        made = render_masked(
            video,
            region,
            out,
            regions=where,
            alpha=alpha,
            fill=fill,
            audio=audio,
            silent=silent,
            resize=resize,
            legend=legend,
            label=label,
            fps=fps,
            frame_rate=frame_rate,
            progress=bar,
        )
    return _print_summary(made)


def _print_summary(made: RenderedVideo) -> int:
    print_notes(made.notes)
    print(f"{made.path}: {made.frames} frames, {'with' if made.sound else 'without'} sound")
    return 0
