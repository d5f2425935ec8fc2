"""What ``rtmri2speech tract`` adds to the numbers: tokens, formants of the sound, figures, and the video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.progress import SILENT, Progress

if TYPE_CHECKING:
    from rtmri2speech.data.media.audio import Sound
    from rtmri2speech.data.media.scan import VideoScan
    from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison
    from rtmri2speech.vocal_tract.gestures.labels import Labels
    from rtmri2speech.vocal_tract.gestures.tokens import TractTokens
    from rtmri2speech.vocal_tract.measurement.tract import Tract

_AUTO, _TRACK, _NONE = "auto", "track", "none"


@dataclass(frozen=True)
class Looks:
    """What was asked for.

    Attributes:
        audio: ``auto``, ``track``, ``none``, or a sound file.
        frames: numbers of frames that get a figure of their own.
        columns: width of figures.
        numbers_only: no figures and no video.
    """

    audio: str = _AUTO
    frames: tuple[int, ...] = ()
    columns: Literal[1, 2] = 2
    numbers_only: bool = False

    def require_one_video(self, count: int) -> None:
        """Refuse a sound file for several videos.

        Raises:
            ConfigError: then.
        """
        if count != 1 and self.audio not in (_AUTO, _TRACK, _NONE):
            raise ConfigError(f"`audio={self.audio}`: goes with one video.", "Put NAME.wav next to each.")


@dataclass(frozen=True)
class Besides:
    """What there is of a recording besides its frames; checked before the tract is measured, which takes long.

    Attributes:
        labels: of its annotation; None where it has none that fits.
        sound: from the first frame on; None where there is none.
        notes: what is to be said of both, a line each.
    """

    labels: Labels | None
    sound: Sound | None
    notes: tuple[str, ...]


def besides(scan: VideoScan, looks: Looks, textgrid: Path | None, tier: str | None, label: list[str] | None) -> Besides:
    """Look for annotation and sound of a video, and refuse what was asked for and does not belong to it.

    Raises:
        ConfigError: for frames that it does not have, or labels that the annotation does not have.
        MediaError: when a file that was named cannot be read, or is of another recording.
    """
    from rtmri2speech.reporting.figures.tract import require_frames

    require_frames(scan, looks.frames)
    labels, notes = _labels_of(scan, textgrid, tier, label)
    sound, more = _sound_of(scan, looks.audio)
    return Besides(labels, sound, (*notes, *more))


def _labels_of(
    scan: VideoScan, textgrid: Path | None, tier: str | None, label: list[str] | None
) -> tuple[Labels | None, list[str]]:
    from rtmri2speech.vocal_tract.gestures.recordings import annotation_of, labels_of_video

    grid = annotation_of(scan.path, textgrid)
    if grid is None:
        return None, []
    try:
        return labels_of_video(scan, grid, tier=tier, label=label or ()), []
    except UserError as error:
        if textgrid is not None or tier is not None or label:
            raise
        # It lies next to the video for whatever reason; what was asked for is there without it.
        return None, [f"{error.problem} {error.remedy}"]


def write_tokens(found: Tract, out: Path, labels: Labels | None) -> TractTokens:
    """Write the tokens of a video's annotation, if it has one."""
    from rtmri2speech.vocal_tract.gestures.tokens import TractTokens, tokens_in

    if labels is None:
        return TractTokens(found.name, ())
    tokens = tokens_in(found, labels)
    tokens.save(out)
    return tokens


def write_looks(
    found: Tract, scan: VideoScan, out: Path, given: Besides, looks: Looks, bar: Progress = SILENT
) -> tuple[list[str], list[str]]:
    """Write tokens, compare with the sound, and write figures and the video; what was found, and what is to be said.

    Raises:
        UserError: when a file cannot be written, or a sound that was asked for cannot be used.
    """
    tokens, sound = write_tokens(found, out, given.labels), given.sound
    comparison, more = (None, []) if sound is None else _comparison(found, sound, tokens, looks.audio)
    if comparison is not None:
        comparison.save(out)
    if not looks.numbers_only:
        _draw(found, scan, out, tokens, comparison, sound, looks, bar)
    lines, said = ([], ()) if comparison is None else (comparison.lines(), comparison.notes)
    return lines, [*given.notes, *tokens.notes, *more, *said]


def _draw(
    found: Tract,
    scan: VideoScan,
    out: Path,
    tokens: TractTokens,
    comparison: SoundComparison | None,
    sound: Sound | None,
    looks: Looks,
    bar: Progress,
) -> None:
    from rtmri2speech.reporting.figures.tract import draw_tract
    from rtmri2speech.reporting.video.tract import write_tract_video
    from rtmri2speech.vocal_tract.gestures.figures import draw_area_functions

    draw_tract(out, found, scan, comparison, frames=looks.frames, columns=looks.columns)
    if tokens.tokens:
        draw_area_functions(out / f"{tokens.name}_vowels", tokens, looks.columns)
    bar.describe(f"Drawing {scan.path.name}")
    bar.expect(scan.n_frames)
    write_tract_video(found, scan, out, sound, progress=bar)


def _sound_of(scan: VideoScan, audio: str) -> tuple[Sound | None, list[str]]:
    """The sound from the first frame on, or why there is none; silent videos need no word."""
    from rtmri2speech.corpora.sound_of_recording import sound_of_frames

    if audio == _NONE:
        return None, []
    named = None if audio in (_AUTO, _TRACK) else Path(audio)
    try:
        sound = sound_of_frames(scan, named, "track" if audio == _TRACK else "auto")
    except UserError as error:
        if audio != _AUTO:
            raise
        return None, [f"without the sound. {error.problem} {error.remedy}"]
    if sound is None and audio == _TRACK:
        raise ConfigError(f"`audio=track`: {scan.path} has no sound track.", "Name a sound file, or leave it out.")
    return sound, []


def _comparison(
    found: Tract, sound: Sound, tokens: TractTokens, audio: str
) -> tuple[SoundComparison | None, list[str]]:
    from rtmri2speech.vocal_tract.against_sound.comparison import compare_formants
    from rtmri2speech.vocal_tract.against_sound.recording import spans_of

    try:
        return compare_formants(found, sound, spans=spans_of(tokens)), []
    except UserError as error:
        if audio != _AUTO:
            raise
        return None, [f"formants of the sound are missing. {error.problem} {error.remedy}"]
