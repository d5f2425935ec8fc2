"""A recording made ready for a video to look at: its frames in one grey scale, its sound from the first of them on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.sound_of_recording import MissingSound, find_sound
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.movies import cut_sound
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.preparation.align import LENGTH_TOLERANCE, offsets
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.retiming import plan_retiming

# The shorter side that small pictures are enlarged to; the sides that make sense, pixels.
_COMFORTABLE = 512
_SIDES = (16, 4096)


def open_pictures(scan: VideoScan, rate: Fraction, size: int) -> Clip:
    """A video's frames (size, size) on a clock, in one grey scale from the first to the last.

    The memo's normalisation, which stretches every frame to its own extremes, would flicker.

    Args:
        scan: the video.
        rate: frames a second.
        size: pixels.

    Raises:
        MediaError: when the file is damaged or shorter than one frame.
    """
    scan.require_whole()
    frames = FrameConfig(size=size, mode="robust")
    clip = Clip(scan, frames, plan_retiming(scan.starts, scan.end, rate), frames.limits(scan.histogram), 0)
    if clip.n_frames == 0:
        raise MediaError(f"{scan.path}: shorter than one frame of {float(1 / rate):.4f} s.", "Give a longer video.")
    return clip


def screen_size(width: int, height: int, resize: tuple[int, int] | None) -> tuple[int, int]:
    """Width and height of the picture of a video: those asked for, or those of the source.

    Sources whose shorter side is below 512 pixels are enlarged to that; sides are rounded to even numbers.

    Raises:
        ConfigError: when those asked for are too small or too large; odd ones are refused where the video is written.
    """
    if resize is not None:
        if not all(_SIDES[0] <= side <= _SIDES[1] for side in resize):
            raise ConfigError(
                f"--resize {resize[0]} {resize[1]}: sides must lie between {_SIDES[0]} and {_SIDES[1]} pixels.",
                "Give width and height: --resize 512 512",
            )
        return resize
    factor = max(1.0, _COMFORTABLE / min(width, height))
    return 2 * round(factor * width / 2), 2 * round(factor * height / 2)


def sound_for(clip: Clip, audio: Path | None) -> Sound | None:
    """The sound that belongs to a video, from its first frame on.

    Args:
        clip: the video.
        audio: a sound file that begins with the picture; None for the video's own sound: NAME.wav or .flac beside it,
            or else its sound track.

    Returns:
        None where there is none.

    Raises:
        MediaError: when it cannot be read, or begins or ends elsewhere than the picture by more than a quarter second.
    """
    (recording,) = FolderCorpus((clip.scan.path,)).recordings()
    try:
        sound = find_sound(replace(recording, audio=audio or recording.audio), clip.scan)
    except MissingSound:
        return None
    gap = offsets(sound, clip, 0.0)
    # Sound before the picture is cut off; none at its begin, or another end, tells that the two do not belong together.
    if max(-gap.lead, abs(gap.tail)) > LENGTH_TOLERANCE:
        name, begin = audio or recording.audio or clip.scan.path, 0.0 - gap.lead
        raise MediaError(
            f"{name}: sound from {begin:.2f} to {begin + sound.duration:.2f} s beside a picture of "
            f"{clip.scan.duration:.2f} s.",
            "Give the sound that belongs to this video, cut to it: --audio FILE",
        )
    return cut_sound(sound, clip.start)
