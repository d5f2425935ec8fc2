"""Containers and videos: decoding, exact times, encoding. Only this, ``movies.py`` and ``audio.py`` import PyAV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from rtmri2speech.data.files import cannot_write, move_into_place, remove_file
from rtmri2speech.errors import MediaError, UserError

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov")

# Errors of single packets after which the next packet may still be good.
_DAMAGE = (av.error.InvalidDataError, av.error.ExternalError, av.error.EOFError)

GrayFrame = NDArray[np.uint8] | NDArray[np.uint16]


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A container open for reading.

    Raises:
        MediaError: when it is missing, empty, or nothing that FFmpeg can read.
    """
    if path.is_dir():
        raise MediaError(f"{path}: is a folder, not a video.", "Name the videos in it.")
    if not path.is_file():
        raise MediaError(f"{path}: no such file.", "Check the spelling of the path.")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes).", "Copy it again from where it was recorded.")
    try:
        with av.open(str(path)) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: cannot be read as a video or sound file ({_reason(error)}).",
            "It is cut short, damaged, or of another kind than its name says; copy or export it again.",
        ) from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split(":")[0].strip() or type(error).__name__


def video_stream(container: Any, path: Path) -> VideoStream:
    """The video stream of a container, set up for decoding.

    Raises:
        MediaError: when there is none.
    """
    if not container.streams.video:
        raise MediaError(f"{path}: holds no video.", "Give the video file; its sound may lie next to it.")
    stream: VideoStream = container.streams.video[0]
    # One thread per file: several files at once use the cores better (802 against 164 frames/s measured).
    stream.codec_context.thread_count = 1
    return stream


def decode_stream(container: Any, stream: Any, seen: Callable[[Any], None] = lambda packet: None) -> Iterator[Any]:
    """Frames of a stream; a damaged packet gives None. ``seen`` is called with every packet."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except _DAMAGE:
            yield None
            return
        seen(packet)
        try:
            yield from packet.decode()
        except _DAMAGE:
            yield None


class GrayConverter:
    """Decoded frames to gray values (h, w), 16 bits where the format has more than 8.

    One for each video: it keeps its conversion set up, where a frame's own ``to_ndarray`` sets it up anew
    (five times slower).
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> GrayFrame:
        """Convert one frame."""
        deep = max(component.bits for component in frame.format.components) > 8 and frame.format.name != "pal8"
        # One thread: the cores belong to files side by side, and a frame is done before others have woken up.
        converted = self._reformatter.reformat(frame, format="gray16le" if deep else "gray", threads=1)
        gray: GrayFrame = converted.to_ndarray()  # type: ignore[assignment]
        return gray


def read_video(path: Path) -> Iterator[GrayFrame]:
    """Gray frames (h, w) of a video in order, uint8, or uint16 for deeper formats.

    Damaged packets are skipped, as ``scan.py`` counts them.
    """
    with opened(path) as container:
        stream, to_gray = video_stream(container, path), GrayConverter()
        for frame in decode_stream(container, stream):
            if frame is not None:
                yield to_gray(frame)


def write_video(
    path: Path, frames: Iterable[NDArray[np.uint8]], rate: Fraction, lossless: bool = False, crf: int = 8
) -> None:
    """Write gray frames (h, w) of even size as a video of exactly ``rate`` frames a second.

    Lossless is FFV1 (use ``.mkv`` or ``.avi``); otherwise H.264, or MPEG-4 where this build of FFmpeg has no H.264
    encoder. The constant rate factor ``crf`` is H.264's measure of loss: none can be seen at 8; 20 is a fifth the size.

    Raises:
        UserError: when the file cannot be written.
    """
    temporary = path.with_name(f".{os.getpid()}.tmp{path.suffix}")
    if lossless:
        codec, pixel_format, options = "ffv1", "gray", {}
    elif "libx264" in av.codecs_available:
        codec, pixel_format, options = "libx264", "yuv420p", {"crf": str(crf), "preset": "superfast"}
    else:
        codec, pixel_format, options = "mpeg4", "yuv420p", {"qscale": "2"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(temporary), "w") as container:
            stream: Any = None
            for index, pixels in enumerate(frames):
                if stream is None:
                    stream = container.add_stream(codec, rate=rate, options=options)
                    stream.height, stream.width = pixels.shape
                    stream.pix_fmt = pixel_format
                    # With several threads x264 gives another file at every run.
                    stream.codec_context.thread_count = 1
                    stream.codec_context.time_base = 1 / rate
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray")
                frame.pts, frame.time_base = index, 1 / rate
                container.mux(stream.encode(frame))
            if stream is None:
                raise UserError(f"{path}: no frame to write.", "Give at least one frame.")
            container.mux(stream.encode(None))
        move_into_place(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_file(temporary)
