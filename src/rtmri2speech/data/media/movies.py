"""Color videos with sound that a browser plays: H.264 and AAC in mp4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.media.audio import Sound, resample
from rtmri2speech.data.media.video import Encoding, encode
from rtmri2speech.errors import ConfigError, UserError

SOUND_RATE = 48_000
"""Sampling rate of the sound track, Hz: AAC has a short list of rates, and browsers play this one unchanged."""

MOVIE_SUFFIX = ".mp4"

# Samples in a frame of AAC.
_AAC_FRAME = 1024
# Hardly a visible loss; the fine grain of the frames costs most of the file. The index comes first.
_ENCODING = Encoding("libx264", "yuv420p", {"crf": "16", "preset": "veryfast"}, {"movflags": "+faststart"})
# For drawings with many frames per second: less than half the time, a larger file.
_QUICK = replace(_ENCODING, options={"crf": "19", "preset": "ultrafast"})
_SOUND_BITS = 128_000


def check_movie(path: Path, width: int, height: int) -> None:
    """Make sure that a video of this name and size can be written.

    Raises:
        ConfigError: for another suffix than ``.mp4``, or an odd width or height: H.264 stores colors for 2 x 2 pixels.
    """
    if path.suffix.lower() != MOVIE_SUFFIX:
        raise ConfigError(f"{path}: videos are written as {MOVIE_SUFFIX}.", f"Name it {path.stem}{MOVIE_SUFFIX}.")
    if min(width, height) < 2 or width % 2 or height % 2:
        even = [max(2, 2 * round(side / 2)) for side in (width, height)]
        raise ConfigError(
            f"A video of {width} x {height} pixels cannot be written: H.264 needs an even width and height.",
            f"Take {even[0]} x {even[1]}.",
        )


def write_movie(
    path: Path, frames: Iterable[UInt8], rate: Fraction, sound: Sound | None = None, *, quick: bool = False
) -> int:
    """Write color frames (H, W, 3) at exactly ``rate`` frames per second, with sound; the file starts with its index.

    Frame i is shown from i / rate seconds on. The sound starts with the first frame (``sound.start`` does not count)
    and is cut, or filled with silence, to the length of the video. Equal input gives equal bytes.

    Args:
        path: an ``.mp4`` file.
        frames: RGB, all of one even size.
        rate: frames per second.
        sound: at any sampling rate.
        quick: compress in less than half the time, to a larger file.

    Returns:
        The number of frames.

    Raises:
        ConfigError: as :func:`check_movie`.
        UserError: when there is no frame, FFmpeg lacks H.264, or the file cannot be written.
    """
    if "libx264" not in av.codecs_available:
        raise UserError("This FFmpeg cannot write H.264.", "Install PyAV from PyPI: pip install --force-reinstall av")
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise UserError(f"{path}: no frame to write.", "Give at least one frame.")
    height, width = first.shape[:2]
    check_movie(path, width, height)
    track = None if sound is None else partial(_SoundTrack, sound=sound)
    return encode(path, chain([first], source), rate, _QUICK if quick else _ENCODING, track)


class _SoundTrack:
    """The sound of a video, written piece by piece."""

    def __init__(self, container: Any, sound: Sound) -> None:
        self._container = container
        self._stream = container.add_stream("aac", rate=SOUND_RATE)
        self._stream.codec_context.layout, self._stream.codec_context.bit_rate = "mono", _SOUND_BITS
        self._samples = resample(sound.samples, sound.rate, SOUND_RATE)
        self._written, self._end = 0, 0

    def write_until(self, time: Fraction) -> None:
        """Write whole frames of AAC up to a time in seconds."""
        self._end = round(time * SOUND_RATE)
        while self._written + _AAC_FRAME <= self._end:
            self._write(_AAC_FRAME)

    def close(self) -> None:
        """Write the rest up to the end of the last frame."""
        if self._written < self._end:
            self._write(self._end - self._written)
        self._container.mux(self._stream.encode(None))

    def _write(self, count: int) -> None:
        piece = np.zeros((1, count), np.float32)
        given = self._samples[self._written : self._written + count]
        # Interpolation may overshoot full scale, which the encoder would clip harder.
        piece[0, : len(given)] = np.clip(given, -1.0, 1.0)
        frame = AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SOUND_RATE, Fraction(1, SOUND_RATE), self._written
        self._container.mux(self._stream.encode(frame))
        self._written += count


def cut_sound(sound: Sound, start: float) -> Sound:
    """The sound from a time on its own clock, silence before its first sample.

    Args:
        sound: any.
        start: seconds.
    """
    skip = round((start - sound.start) * sound.rate)
    samples = sound.samples[skip:] if skip >= 0 else np.concatenate([np.zeros(-skip, np.float32), sound.samples])
    return Sound(samples, sound.rate, start)
