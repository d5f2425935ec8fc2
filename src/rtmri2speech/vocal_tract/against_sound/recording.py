"""A measured tract compared with the sound of its own video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.corpora.sound_of_recording import sound_of_frames
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import MediaError
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison, compare_formants
from rtmri2speech.vocal_tract.gestures.tokens import TractTokens
from rtmri2speech.vocal_tract.measurement.tract import Tract


def compare_with_sound(
    tract: Tract,
    video: str | Path | VideoScan,
    *,
    audio: str | Path | None = None,
    tokens: TractTokens | None = None,
    ceiling: float | None = None,
) -> SoundComparison:
    """Compare the tube's formants with those that Praat finds in the sound.

    Args:
        tract: what was measured in the video.
        video: its file; or its scan, which is not decoded again.
        audio: a sound file that starts with the first frame; None for NAME.wav (flac, m4a, ...) next to the video, or
            else its sound track.
        tokens: labeled vowels of the recording, to compare vowel by vowel.
        ceiling: highest frequency of five formants, Hz; None for 5000 or 5500 by the speaker's F0.

    Raises:
        MediaError: when there is no sound, or it cannot be read, does not fit the video, or is too short to measure.
        ConfigError: when the ceiling lies above Nyquist.
        UserError: when Praat (extra ``phonetics``) is not installed.
    """
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video))
    sound = sound_of_frames(scan, None if audio is None else Path(audio))
    if sound is None:
        raise MediaError(f"{scan.path}: has no sound.", "Name a sound file: `audio=FILE`")
    return compare_formants(tract, sound, spans=spans_of(tokens), ceiling=ceiling)


def spans_of(tokens: TractTokens | None) -> Sequence[Span]:
    """The intervals of tokens."""
    return [] if tokens is None else [Span(one.label, one.start, one.end) for one in tokens.tokens]
