"""``rtmri2speech analyze formants``, ``vowels``, ``kymograph`` and ``intensity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Fps, Many, parse_fps, progress, report_failures
from rtmri2speech.errors import ConfigError, UserError

if TYPE_CHECKING:
    from rtmri2speech.data.media.audio import Sound
    from rtmri2speech.phonetics.vowel_space import MeanFrames, VowelToken
    from rtmri2speech.phonetics.vowels import VowelFinder

Video = Annotated[Path, Parameter(name=["VIDEO", "--video"])]
Out = Annotated[Path, Parameter(name=["--out", "--output-dir"], help="Folder to write to.")]
Ceiling = Annotated[
    float | None,
    Parameter(
        help="Highest frequency of five formants, Hz; by the speaker's F0 if not given: 5000, or 5500 from 155 Hz."
    ),
]
Columns = Annotated[Literal[1, 2], Parameter(help="Width of figures: 1 for a column (85 mm), 2 for a page (174 mm).")]


def formants(sound: Path, /, *, out: Out, ceiling: Ceiling = None, columns: Columns = 2) -> int:
    """Measure F0 and F1 to F4 of a sound, every 10 ms.

    Writes NAME_formants.csv, NAME.PitchTier and NAME_voiced.TextGrid for Praat, and a figure of the tracks over the
    spectrogram as PDF, SVG and PNG.

    Parameters
    ----------
    sound
        A sound file, or a video: then NAME.wav beside it, or its sound track.
    """
    _require_praat()

    from rtmri2speech.phonetics.tracks import measure_tracks, write_tracks
    from rtmri2speech.reporting.figures.phonetics import draw_tracks

    heard = _sound_of(sound)
    tracks = measure_tracks(heard, ceiling)
    files = write_tracks(tracks, out, sound.stem)
    files += draw_tracks(out / f"{sound.stem}_formants", heard, tracks, columns, sound.name)
    low, high = tracks.pitch_range
    share = float(tracks.voiced.mean())
    print(f"{files[0]}: {share:.0%} voiced, F0 sought from {low:.0f} to {high:.0f} Hz, ceiling {tracks.ceiling:g} Hz")
    return 0


def vowels(
    recordings: Annotated[list[Path], Parameter(consume_multiple=True, negative="")],
    *,
    out: Out,
    textgrid: Path | None = None,
    tier: str | None = None,
    label: Annotated[list[str], Many] | None = None,
    ceiling: Ceiling = None,
    share: float = 0.95,
    columns: Columns = 1,
) -> int:
    """Chart the vowels of recordings, and average the frames of each.

    Every recording needs NAME.TextGrid beside it. Writes vowels.csv (a line a token), vowels_summary.csv,
    NAME_vowels.TextGrid, the vowel space in Hz and in Bark, and of videos the mean frame of each vowel; figures as PDF,
    SVG and PNG.

    Parameters
    ----------
    recordings
        Sound files or videos, best of one speaker.
    textgrid
        The TextGrid, where there is one recording and it has another name.
    tier
        Its tier of phones; found by itself if not given.
    label
        Labels that are vowels; those of Japanese, ARPAbet and the IPA if none is given.
    share
        Part of each vowel's distribution that its ellipse holds.
    """
    _require_praat()
    if not 0.0 < share < 1.0:
        raise ConfigError(f"--share {share:g}: not between 0 and 1.", "Give 0.95, or 0.68.")
    if textgrid is not None and len(recordings) != 1:
        raise ConfigError(
            f"--textgrid {textgrid}: goes with one recording, not with {len(recordings)}.",
            "Put NAME.TextGrid beside each recording.",
        )

    from rtmri2speech.phonetics.vowel_space import MeanFrames, write_vowels
    from rtmri2speech.phonetics.vowels import VowelFinder
    from rtmri2speech.reporting.figures.phonetics import draw_mean_frames, draw_vowels

    finder, frames = VowelFinder(tier, tuple(label or ())), MeanFrames()
    tokens: list[VowelToken] = []
    failures: list[tuple[Path, UserError]] = []
    with progress("Measuring vowels", "recordings") as bar:
        bar.expect(len(recordings))
        for path in recordings:
            try:
                tokens += _vowels_of(path, textgrid, finder, ceiling, frames, out)
            except UserError as error:
                failures.append((path, error))
            bar.advance()
    if tokens:
        files = write_vowels(tokens, out)
        title = f"{len(tokens)} vowels of {len(recordings) - len(failures)} recording(s)"
        files += draw_vowels(out / "vowels_hz", tokens, "hz", share, columns, title)
        files += draw_vowels(out / "vowels_bark", tokens, "bark", share, columns, title)
        if frames.counts:
            files += draw_mean_frames(out / "vowels_frames", frames.means(), frames.counts)
            files += frames.save(out)
        print(f"{files[0]}: {title}; {len(files)} files in {out}")
    return report_failures(failures)


def _vowels_of(
    path: Path, textgrid: Path | None, finder: VowelFinder, ceiling: float | None, frames: MeanFrames, out: Path
) -> list[VowelToken]:
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.corpora.names import next_to
    from rtmri2speech.corpora.sound_of_recording import find_sound
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.data.media.video import VIDEO_SUFFIXES
    from rtmri2speech.phonetics.tracks import choose_ceiling
    from rtmri2speech.phonetics.vowel_space import measure_vowels, write_vowel_grid
    from rtmri2speech.preparation.align import offsets
    from rtmri2speech.reporting.video.sources import open_pictures
    from rtmri2speech.signal.frames import FrameConfig

    grid = textgrid or next_to(path.with_suffix(""), (".TextGrid",))
    if grid is None:
        raise ConfigError(f"{path}: no {path.stem}.TextGrid beside it.", "Put it there, or name it: --textgrid FILE")
    spans = finder.spans_in(grid)
    if not spans:
        raise ConfigError(f"{grid}: holds no vowel of 30 ms or more.", "Name the tier and the labels: --tier --label")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        (recording,) = FolderCorpus((path,)).recordings()
        scan = scan_video(path)
        sound, clip = find_sound(recording, scan), open_pictures(scan, scan.rate, FrameConfig().size)
        frames.add(clip, scan.rate, spans, offsets(sound, clip, 0.0).lead)
    else:
        sound = _sound_of(path)
    tokens = measure_vowels(path.stem, sound, spans, choose_ceiling(sound, ceiling))
    write_vowel_grid(tokens, sound.duration, out / f"{path.stem}_vowels.TextGrid")
    return tokens


def kymograph(
    video: Video,
    *,
    line: tuple[float, float, float, float],
    out: Out,
    width: int = 1,
    columns: Columns = 2,
    fps: Fps = None,
) -> int:
    """Show what lies on a line through the picture over time.

    Writes NAME_kymograph.csv and .npy (frames x positions, 0 to 1) and a figure as PDF, SVG and PNG. Every frame of the
    video is used, at the video's own rate.

    Parameters
    ----------
    video
        The video.
    line
        x0 y0 x1 y1 in pixels of the video, from its upper left corner: across the lips, or from palate to tongue.
    width
        Average over so many parallel lines, a pixel apart.
    """
    rate = parse_fps(fps)

    from rtmri2speech.analysis.kinematics.kymograph import Line, cut_line, write_kymograph
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.figures.kinematics import draw_kymograph

    made = cut_line(scan_video(video, rate), Line(*line), width)
    files = write_kymograph(made, out, video.stem)
    files += draw_kymograph(out / f"{video.stem}_kymograph", made, columns, video.name)
    frames, positions = made.values.shape
    print(f"{files[0]}: {frames} frames x {positions} positions")
    return 0


def intensity(
    video: Video,
    *,
    out: Out,
    regions: str = "template",
    region: Annotated[list[str], Many] | None = None,
    smooth: float = 0.2,
    columns: Columns = 2,
    fps: Fps = None,
) -> int:
    """Measure the brightness of regions over time, and its velocity.

    Writes NAME_intensity.csv and a figure as PDF, SVG and PNG, at the video's own frame rate. Intensity runs from 0 to
    1, the clip's 0.5th and 99.5th percentile.

    Parameters
    ----------
    video
        The video.
    regions
        Where to look: template (ellipses that suit a head looking to the left roughly), polygons drawn for the speaker
        (.json), a phantom's truth (.npz), or USC-TIMIT's contours (.mat).
    region
        Names of the regions; all if none is given.
    smooth
        Seconds of the window in which a parabola is fitted (Savitzky-Golay); five frames at least.
    """
    rate = parse_fps(fps)

    from rtmri2speech.analysis.kinematics.region_intensity import measure_intensity, write_intensity
    from rtmri2speech.analysis.regions.masks import read_regions, source_of
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.reporting.figures.kinematics import draw_intensity
    from rtmri2speech.reporting.video.sources import open_pictures
    from rtmri2speech.signal.frames import FrameConfig

    scan = scan_video(video, rate)
    clip = open_pictures(scan, scan.rate, FrameConfig().size)
    found = read_regions(regions, source_of(clip))
    if region:
        found = found.only(region)
    made = measure_intensity(clip, scan.rate, found, smooth)
    path = write_intensity(made, out, video.stem)
    draw_intensity(out / f"{video.stem}_intensity", made, found, columns, video.name)
    print(f"{path}: {len(made.times)} frames, {', '.join(made.names)}; {made.smoothing}")
    return 0


def _sound_of(path: Path) -> Sound:
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.data.media.audio import read_sound
    from rtmri2speech.data.media.video import VIDEO_SUFFIXES

    if path.suffix.lower() not in VIDEO_SUFFIXES:
        return read_sound(path)
    (recording,) = FolderCorpus((path,)).recordings()
    return read_sound(recording.audio or recording.video)


def _require_praat() -> None:
    from importlib.util import find_spec

    if find_spec("parselmouth") is None:
        raise UserError("Praat is not installed.", "Install it: pip install 'rtmri2speech[phonetics]'")
