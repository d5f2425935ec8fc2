"""Frames and sound of a recording, prepared for viewing: one gray scale per clip, sound from the first frame on."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.corpora.sound_of_recording import sound_of_frames
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError

# The shorter side that small videos are enlarged to, and the range of sensible sides, pixels.
_COMFORTABLE = 512
_SIDES = (16, 4096)


def video_size(width: int, height: int, resize: tuple[int, int] | None) -> tuple[int, int]:
    """Width and height of the frames of a new video: those asked for, or those of the source.

    Sources whose shorter side is below 512 pixels are enlarged to that; sides are rounded to even numbers.

    Args:
        width, height: of the source, pixels.
        resize: width and height to use instead, or None.

    Raises:
        ConfigError: when those asked for are too small or too large; odd ones are refused where the video is written.
    """
    if resize is not None:
        if not all(_SIDES[0] <= side <= _SIDES[1] for side in resize):
            raise ConfigError(
                f"`resize=({resize[0]}, {resize[1]})`: sides must lie between {_SIDES[0]} and {_SIDES[1]} pixels.",
                "Give width and height: `resize=(512, 512)`",
            )
        return resize
    factor = max(1.0, _COMFORTABLE / min(width, height))
    return 2 * round(factor * width / 2), 2 * round(factor * height / 2)


def sound_for(clip: Clip, audio: Path | None) -> Sound | None:
    """The sound that belongs to a video, from its first frame on.

    Args:
        clip: the video.
        audio: a sound file that starts with the first frame; None for the video's own sound: NAME.wav or .flac next
            to it, or else its sound track.

    Returns:
        None where there is none.

    Raises:
        MediaError: when it cannot be read, or starts or ends more than a quarter second apart from the frames.
    """
    return sound_of_frames(clip.scan, audio)
