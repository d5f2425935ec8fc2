"""The vowels of recordings, with the frames that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.analysis.arguments import several
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.names import annotation_next_to, refuse_same_names
from rtmri2speech.corpora.sound_of_recording import find_sound
from rtmri2speech.data.endings import VIDEO_SUFFIXES
from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.textgrid import annotation_notes
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.tracks import choose_ceiling
from rtmri2speech.phonetics.vowels.mean_frames import MeanFrames
from rtmri2speech.phonetics.vowels.space import RecordedVowels, VowelSpace, measure_vowels
from rtmri2speech.phonetics.vowels.spans import Span, VowelFinder
from rtmri2speech.preparation.align import offsets
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import FrameConfig


def vowels(
    recordings: Sequence[str | Path],
    *,
    textgrid: str | Path | None = None,
    tier: str | None = None,
    label: str | Sequence[str] = (),
    ceiling: float | None = None,
    progress: Progress = SILENT,
) -> VowelSpace:
    """F1 and F2 of the vowels of recordings, and of videos the mean frame of each vowel.

    A recording that cannot be used does not keep the others from being measured.

    Args:
        recordings: sound files or videos, best of one speaker, each with NAME.TextGrid next to it.
        textgrid: the TextGrid, where there is one recording and it has another name.
        tier: its tier of phones; found by itself if not given.
        label: labels that are vowels; those of Japanese, ARPAbet and the IPA if none is given.
        ceiling: highest frequency of five formants, Hz; None for 5000 or 5500 by the speaker's F0, at most Nyquist.
        progress: counts recordings.

    Raises:
        ConfigError: when there are several recordings for one TextGrid, or two of the same name.
        UserError: when Praat (extra ``phonetics``) is not installed.
    """
    praat.require()
    if textgrid is not None and len(recordings) != 1:
        raise ConfigError(
            f"`textgrid={textgrid}`: goes with one recording, not with {len(recordings)}.",
            "Put NAME.TextGrid next to each recording.",
        )
    paths = [Path(path) for path in recordings]
    refuse_same_names(paths)
    finder, space = VowelFinder(tier, several(label)), VowelSpace()
    progress.expect(len(paths))
    for path in paths:
        try:
            grid = _textgrid_of(path, textgrid)
            found = _vowels_of(path, grid, finder, ceiling, space.frames)
            space.recordings.append(found)
            space.notes.extend(annotation_notes(grid, found.duration))
        except UserError as error:
            space.failures.append((path, error))
        progress.advance()
    return space


def _textgrid_of(path: Path, textgrid: str | Path | None) -> Path:
    grid = Path(textgrid) if textgrid else annotation_next_to(path.with_suffix(""))
    if grid is None:
        raise ConfigError(f"{path}: no {path.stem}.TextGrid next to it.", "Put it there, or name it: `textgrid`.")
    return grid


def _spans_of(grid: Path, finder: VowelFinder, seconds: float) -> list[Span]:
    spans = finder.spans_in(grid, seconds)
    if not spans:
        raise ConfigError(f"{grid}: holds no vowel of 30 ms or more.", "Name the tier and the labels: `tier`, `label`.")
    return spans


def _sound_of(video: Path, scan: VideoScan) -> Sound:
    (recording,) = FolderCorpus((video,)).recordings()
    return find_sound(recording, scan)


def _vowels_of(
    path: Path, grid: Path, finder: VowelFinder, ceiling: float | None, frames: MeanFrames
) -> RecordedVowels:
    scan = scan_video(path) if path.suffix.lower() in VIDEO_SUFFIXES else None
    sound = read_sound(path) if scan is None else _sound_of(path, scan)
    spans = _spans_of(grid, finder, sound.duration)
    tokens = measure_vowels(path.stem, sound, spans, choose_ceiling(sound, ceiling))
    # Last, so that frames of a recording that cannot be used count nowhere.
    if scan is not None:
        clip = open_gray_clip(scan, scan.rate, FrameConfig().size)
        frames.add(clip, scan.rate, spans, offsets(sound, clip, 0.0).lead)
    return RecordedVowels(path.stem, sound.duration, tokens)
