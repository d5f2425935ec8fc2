"""``rtmri2speech render``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Fps, Many, parse_fps, progress
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.analysis.map_folder.sequence import MapSequence
    from rtmri2speech.drawing.overlay import Display, Look

Video = Annotated[Path, Parameter(name=["VIDEO", "--video"])]
Out = Annotated[Path, Parameter(name=["--out", "--output"], help="The .mp4 file to write.")]
Resize = Annotated[
    tuple[int, int] | None,
    Parameter(help="Width and height of the picture; if not given those of the source, 512 pixels at least."),
]
Gain = Annotated[float, Parameter(help="Full colour at the largest value of the clip divided by this.")]
Legend = Annotated[
    bool, Parameter(negative="", help="Write below the picture what the colours mean, frame number and time.")
]
Label = Annotated[str, Parameter(help="Text to write below the picture.")]
Audio = Annotated[
    Path | None,
    Parameter(help="Sound that begins with the picture; if not given the video's own (NAME.wav, or its sound track)."),
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

    Colours have one scale from the first frame to the last, that of the clip which the maps were made of.

    Parameters
    ----------
    sequence
        A sequence of analyze gradcam: gradcam_F1_sequence.npy, or that of a segment.
    video
        The video that the maps were made of, to show them over; on black if not given.
    start_frame
        First frame, counted from 0.
    end_frame
        Last frame; it is shown too.
    fps
        Frames a second of the new video.
    repeat
        How often each map is shown: at 5 frames a second, 4 times are 0.8 s.
    alpha
        Opacity of the largest value over the video, 0 to 1.
    display
        The positive part (for gradcam by default), or both signs (for hirescam).
    """
    speed, rate = parse_fps(fps), parse_fps(video_fps)
    assert speed is not None
    _check_alpha(alpha)

    from rtmri2speech.analysis.map_folder.sequence import read_sequence
    from rtmri2speech.data.media.movies import check_movie
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.video.map_layers import Layer
    from rtmri2speech.reporting.video.render import Screen, render_heatmap
    from rtmri2speech.reporting.video.sources import open_pictures, screen_size

    maps = read_sequence(sequence)
    rows = maps.rows(start_frame, end_frame)
    scan = None if video is None else scan_video(video, rate)
    height, width = maps.values.shape[1:] if scan is None else (scan.height, scan.width)
    screen = Screen(*screen_size(width, height, resize), legend, label)
    check_movie(out, screen.width, screen.height)
    clip = None if scan is None else open_pictures(scan, maps.rate, max(screen.width, screen.height))
    shown = display or ("signed" if maps.method == "hirescam" else "classical")
    with progress(f"Drawing {out.name}", "maps") as bar:
        bar.expect(len(rows))
        layer = Layer(maps, _look(maps, shown, 1.0 if clip is None else alpha, gain))
        count = render_heatmap(out, layer, rows, clip, screen, speed, repeat, bar.advance)
    print(f"{out}: {len(rows)} maps, {float(count / speed):.1f} s")
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

    Each map has one colour, for its positive part; where both are large it is purple. Colours have one scale from the
    first frame to the last.

    Parameters
    ----------
    video
        The video that the maps were made of.
    heatmap
        A sequence of analyze gradcam: gradcam_F1_sequence.npy.
    heatmap2
        Another one, such as gradcam_F2_sequence.npy.
    alpha
        Opacity of the largest value, 0 to 1.
    """
    rate = parse_fps(fps)
    _check_alpha(alpha)

    from rtmri2speech.analysis.map_folder.sequence import read_sequence
    from rtmri2speech.data.media.movies import check_movie
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.video.map_layers import TINTS, Layer
    from rtmri2speech.reporting.video.render import Screen, render_overlay
    from rtmri2speech.reporting.video.sources import open_pictures, screen_size, sound_for

    sequences = [read_sequence(path) for path in (heatmap, heatmap2) if path is not None]
    scan = scan_video(video, rate)
    screen = Screen(*screen_size(scan.width, scan.height, resize), legend, label)
    check_movie(out, screen.width, screen.height)
    clip = open_pictures(scan, sequences[0].rate, max(screen.width, screen.height))
    sound = None if silent else sound_for(clip, audio)
    looks = [_look(maps, "classical", alpha, gain) for maps in sequences]
    layers = [Layer(*one) for one in zip(sequences, looks, TINTS, strict=False)]
    with progress(f"Drawing {out.name}", "frames") as bar:
        bar.expect(clip.n_frames)
        count = render_overlay(out, clip, layers, screen, sound, bar.advance)
    _tell(out, count, sound is not None)
    return 0


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
) -> int:
    """Make a video with regions hidden, for looking at.

    To measure what hiding a region does, use analyze masking, which changes the model's pictures themselves: a video
    is compressed, and what is read from it is normalised once more.

    Parameters
    ----------
    video
        The video.
    region
        Which regions to hide, one or several at once.
    regions
        Where the articulators are: template (ellipses that suit a head looking to the left roughly), polygons drawn
        for the speaker (.json), a phantom's truth (.npz), or USC-TIMIT's contours (.mat).
    alpha
        How much of the region stays visible: 0 hides it, 1 leaves it as is.
    fill
        What stands in its place: black, the picture out of focus, the clip's mean, or what lies around.
    """
    rate = parse_fps(fps)
    _check_alpha(alpha)

    from rtmri2speech.analysis.regions.masks import read_regions, source_of
    from rtmri2speech.data.media.movies import check_movie
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.video.render import Screen, render_masked
    from rtmri2speech.reporting.video.sources import open_pictures, screen_size, sound_for
    from rtmri2speech.signal.features import FeatureConfig
    from rtmri2speech.signal.frames import FrameConfig

    scan, clock = scan_video(video, rate), FeatureConfig().frame_rate
    screen = Screen(*screen_size(scan.width, scan.height, resize), legend, label)
    check_movie(out, screen.width, screen.height)
    clip = open_pictures(scan, clock, FrameConfig().size)
    hidden = read_regions(regions, source_of(clip)).only(region)
    sound = None if silent else sound_for(clip, audio)
    with progress(f"Drawing {out.name}", "frames") as bar:
        bar.expect(clip.n_frames)
        count = render_masked(out, clip, clock, hidden, fill, alpha, screen, sound, bar.advance)
    _tell(out, count, sound is not None)
    return 0


def _check_alpha(alpha: float) -> None:
    if not 0.0 <= alpha <= 1.0:
        raise ConfigError(f"--alpha {alpha:g}: not from 0 to 1.", "Give a share: --alpha 0.7")


def _look(maps: MapSequence, display: Display, alpha: float, gain: float) -> Look:
    from rtmri2speech.drawing.overlay import Look

    if not 0.0 < gain < float("inf"):
        raise ConfigError(f"--gain {gain:g}: not a factor.", "Give a number above 0: --gain 3")
    return Look(display, maps.scale / gain, maps.unit, "", alpha)


def _tell(out: Path, count: int, sound: bool) -> None:
    print(f"{out}: {count} frames, {'with' if sound else 'without'} sound")
