"""Colour videos with sound that a browser plays: H.264 and AAC in mp4."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.audio import Sound, resample
from rtmri2speech.errors import ConfigError, UserError

SOUND_RATE = 48_000
"""Samples a second of the sound track: AAC has a short list of rates, and browsers play this one unchanged."""

MOVIE_SUFFIX = ".mp4"

# Numbers of ITU-T H.273 for BT.709: without them a player guesses, and colours shift.
_BT709 = 1
# Samples in a frame of AAC.
_AAC_FRAME = 1024
# Hardly a visible loss; the fine grain of the pictures costs most of the file.
_PICTURE = {"crf": "16", "preset": "veryfast"}
_SOUND_BITS = 128_000


def check_movie(path: Path, width: int, height: int) -> None:
    """Make sure that a film of this name and size can be.

    Raises:
        ConfigError: for another suffix than ``.mp4``, or an odd width or height: H.264 stores colours for 2 x 2 pixels.
    """
    if path.suffix.lower() != MOVIE_SUFFIX:
        raise ConfigError(f"{path}: videos are written as {MOVIE_SUFFIX}.", f"Name it {path.stem}{MOVIE_SUFFIX}.")
    if min(width, height) < 2 or width % 2 or height % 2:
        even = [max(2, 2 * round(side / 2)) for side in (width, height)]
        raise ConfigError(
            f"A video of {width} x {height} pixels cannot be written: H.264 needs an even width and height.",
            f"Take {even[0]} x {even[1]}.",
        )


def write_movie(path: Path, frames: Iterable[NDArray[np.uint8]], rate: Fraction, sound: Sound | None = None) -> int:
    """Write colour frames (H, W, 3) at exactly ``rate`` frames a second, with sound; the file begins with its index.

    Frame i is shown from i / rate seconds on. The sound begins with the first frame (``sound.start`` does not count)
    and is cut, or filled with silence, to the length of the picture. Equal input gives equal bytes.

    Args:
        path: an ``.mp4`` file.
        frames: RGB, all of one even size.
        rate: frames a second.
        sound: at any sampling rate.

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
    count = 0
    options = {"movflags": "+faststart"}
    with replacing_name(path) as temporary, av.open(str(temporary), "w", format="mp4", options=options) as container:
        picture = _picture_stream(container, width, height, rate)
        track = None if sound is None else _SoundTrack(container, sound)
        to_yuv = VideoReformatter()
        for pixels in chain([first], source):
            frame = to_yuv.reformat(
                VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                threads=1,
            )
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(picture.encode(frame))
            count += 1
            if track is not None:
                # Side by side in the file, so that a player need not jump.
                track.write_until(count / rate)
        container.mux(picture.encode(None))
        if track is not None:
            track.close()
    return count


def _picture_stream(container: Any, width: int, height: int, rate: Fraction) -> Any:
    stream = container.add_stream("libx264", rate=rate, options=_PICTURE)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    # With several threads x264 gives another file at every run.
    context.thread_count, context.time_base = 1, 1 / rate
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = int(ColorRange.MPEG)
    return stream


class _SoundTrack:
    """The sound of a film, written piece by piece."""

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
        """Write the rest up to the end of the picture."""
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


def cut_sound(sound: Sound, begin: float) -> Sound:
    """The sound from a time on its own clock, silence before its first sample.

    Args:
        sound: any.
        begin: seconds.
    """
    skip = round((begin - sound.start) * sound.rate)
    samples = sound.samples[skip:] if skip >= 0 else np.concatenate([np.zeros(-skip, np.float32), sound.samples])
    return Sound(samples, sound.rate, begin)
