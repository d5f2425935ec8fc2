"""Containers and videos: decoding and encoding. Only modules of this folder, and ``dicom.py``, import PyAV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.dicom import DICOM_SUFFIXES, dicom_as_video
from rtmri2speech.data.endings import ffmpeg_name, no_such_file
from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.gray import GrayConverter, GrayFrame
from rtmri2speech.data.media.streams import Note, choose_stream
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.parallel import own_cores

# FFmpeg's names of the containers, which a temporary file's name does not tell.
_FORMATS = {".mp4": "mp4", ".avi": "avi", ".mkv": "matroska", ".mov": "mov"}

# Number of BT.709 in ITU-T H.273: without it a player guesses, and colors shift.
_BT709 = 1

# More gain little, and each holds a frame.
_MOST_THREADS = 8

# Errors of single packets after which the next packet may still be good.
_DAMAGE = (av.error.InvalidDataError, av.error.ExternalError, av.error.EOFError)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A container open for reading.

    Raises:
        MediaError: when it is missing, empty, or nothing that FFmpeg can read.
    """
    if path.is_dir():
        raise _no_video(path)
    if not path.is_file():
        raise no_such_file(path)
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes).", "Copy it again from where it was recorded.")
    source = dicom_as_video(path) if path.suffix.lower() in DICOM_SUFFIXES else ffmpeg_name(path)
    try:
        with av.open(source) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"{path}: cannot be read as a video or sound file ({_reason(error)}).",
            "It is cut short, damaged, or of another kind than its name says; copy or export it again.",
        ) from None


def _no_video(folder: Path) -> MediaError:
    """The error for a folder that is given as a video."""
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if not names:
        return MediaError(f"{folder}: is a folder, and empty.", "Name a video.")
    numbered = re.fullmatch(r"(.*?)(\d+)(\.(?:png|tiff?|bmp|pgm|jpe?g))", names[0], re.IGNORECASE)
    if numbered is None:
        return MediaError(f"{folder}: is a folder, not a video.", "Name the videos in it.")
    before, number, ending = numbered.groups()
    start = f"-start_number {int(number)} " if int(number) else ""
    return MediaError(
        f"{folder}: is a folder of images, not a video.",
        f"Make a video of them, with their true frame rate: ffmpeg -framerate 25 {start}-i "
        f"{folder / before}%0{len(number)}d{ending} -c:v ffv1 {folder.name}.mkv",
    )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split(":")[0].strip() or type(error).__name__


def decoding_threads() -> int:
    """Threads that may decode one intact file: all cores, but for worker processes, each of which has its own file."""
    return min(own_cores(), _MOST_THREADS)


def video_stream(
    container: Any, path: Path, number: int | None = None, threads: int = 1
) -> tuple[VideoStream, list[Note]]:
    """A video stream of a container, set up for decoding, and what to say where there are several.

    Args:
        container: open for reading.
        path: named in messages.
        number: the one to take, counted from 1; None for the one flagged as default, or the first.
        threads: that decode it, a frame each. With more than one it is not said which packet is damaged.

    Raises:
        MediaError: when there is none, or none of that number.
    """
    if not container.streams.video:
        raise MediaError(f"{path}: holds no video.", "Give the video file; its sound may lie next to it.")
    stream: VideoStream
    stream, notes = choose_stream(path, container.streams.video, "video", number)
    context = stream.codec_context
    # Threads that share a frame are slower than one; those that have a frame each are faster.
    context.thread_count, context.thread_type = threads, "FRAME" if threads > 1 else "SLICE"
    return stream, notes


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
        if packet.size == 0 and packet.dts is not None:
            # Empty, and not the end: a decoder would take it for that, or refuse it (FLAC in NUT).
            continue
        try:
            yield from packet.decode()
        except _DAMAGE:
            yield None


def read_camera(device: str, kind: str) -> Iterator[GrayFrame]:
    """Gray frames (h, w) of a camera as they come, until whoever reads stops.

    Args:
        device: FFmpeg's name of it: ``/dev/video0``, ``0`` (macOS), ``video=NAME`` (Windows).
        kind: FFmpeg's name of the system's camera input: ``v4l2``, ``avfoundation``, ``dshow``.

    Raises:
        MediaError: when there is no such camera, or it cannot be read.
    """
    try:
        with av.open(device, format=kind, options={"framerate": "30"} if kind == "avfoundation" else {}) as container:
            stream, _ = video_stream(container, Path(device))
            to_gray = GrayConverter(stream)
            for frame in decode_stream(container, stream):
                if frame is not None:
                    yield to_gray(frame)
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"camera {device}: cannot be read ({_reason(error)}).",
            "Check that it is plugged in, that no other program uses it, and that this one may.",
        ) from None


def read_video(path: Path, number: int | None = None, threads: int = 1) -> Iterator[GrayFrame]:
    """Gray frames (h, w) of a video in order as they are to be shown, uint8, or uint16 for deeper formats.

    Damaged packets are skipped, as ``scan.py`` counts them.

    Args:
        path: the file.
        number: of the video in the file, counted from 1; None for the one flagged as default, or the first.
        threads: that decode it; more than one for an intact file alone.
    """
    with opened(path) as container:
        stream, _ = video_stream(container, path, number, threads)
        to_gray = GrayConverter(stream)
        for frame in decode_stream(container, stream):
            if frame is not None:
                yield to_gray(frame)


def stated_rate(path: Path, number: int | None = None) -> Fraction | None:
    """Frames per second that a container states, without decoding; None where it does not say.

    Args:
        path: the file.
        number: of the video in the file, counted from 1; None for the one flagged as default, or the first.

    Raises:
        MediaError: when it cannot be read, or holds no video of that number.
    """
    with opened(path) as container:
        stream, _ = video_stream(container, path, number)
        return stream.average_rate or stream.guessed_rate


class SoundTrack(Protocol):
    """Sound that is written along with the frames."""

    def write_until(self, time: Fraction) -> None:
        """Write what lies before a time in seconds."""
        ...

    def close(self) -> None:
        """Write the rest."""
        ...


@dataclass(frozen=True)
class Encoding:
    """How frames are compressed.

    Attributes:
        codec: FFmpeg's name of it.
        pixels: pixel format in the file.
        options: of the codec.
        container: options of the container.
    """

    codec: str
    pixels: str
    options: Mapping[str, str]
    container: Mapping[str, str] = field(default_factory=dict)


def write_video(path: Path, frames: Iterable[UInt8], rate: Fraction, lossless: bool = False, crf: int = 8) -> None:
    """Write gray (h, w) or RGB frames (h, w, 3) of even size as a video of exactly ``rate`` frames per second.

    Lossless is FFV1 (use ``.mkv`` or ``.avi``); otherwise H.264, or MPEG-4 where this build of FFmpeg has no H.264
    encoder. The constant rate factor ``crf`` is H.264's measure of loss: none can be seen at 8; 20 is a fifth the size.

    Raises:
        UserError: when there is no frame, or the file cannot be written.
    """
    if lossless:
        encoding = Encoding("ffv1", "gray", {})
    elif "libx264" in av.codecs_available:
        encoding = Encoding("libx264", "yuv420p", {"crf": str(crf), "preset": "superfast"})
    else:
        encoding = Encoding("mpeg4", "yuv420p", {"qscale": "2"})
    encode(path, frames, rate, encoding)


def encode(
    path: Path,
    frames: Iterable[UInt8],
    rate: Fraction,
    encoding: Encoding,
    add_sound: Callable[[Any], SoundTrack] | None = None,
) -> int:
    """Write gray frames (H, W) or RGB frames (H, W, 3) as a video.

    Equal input gives equal bytes, except in Matroska, which gives every file a random id.

    Args:
        path: the file; its suffix chooses the container.
        frames: all of one size; frame i is shown from i / rate seconds on.
        rate: frames per second.
        encoding: how they are compressed.
        add_sound: adds a sound track to the open container.

    Returns:
        The number of frames.

    Raises:
        UserError: when there is no frame, or the file cannot be written.
    """
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise UserError(f"{path}: no frame to write.", "Give at least one frame.")
    count, suffix, to_frame = 0, path.suffix.lower(), _gray_frame if first.ndim == 2 else _RGBConverter()
    with (
        _refused(path),
        replacing_name(path) as temporary,
        _new_container(temporary, suffix, encoding) as container,
    ):
        stream = _new_stream(container, first.shape, rate, encoding)
        sound = None if add_sound is None else add_sound(container)
        for pixels in chain([first], source):
            frame = to_frame(np.ascontiguousarray(pixels))
            frame.pts, frame.time_base = count, 1 / rate
            container.mux(stream.encode(frame))
            count += 1
            if sound is not None:
                # Interleaved in the file, so that a player need not jump.
                sound.write_until(count / rate)
        container.mux(stream.encode(None))
        if sound is not None:
            sound.close()
    return count


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """What FFmpeg cannot write, as an error of the user's."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise UserError(
            f"{path}: cannot be written as a video ({_reason(error)}).",
            f"Choose another name or folder; videos that are written end in {' '.join(_FORMATS)}.",
        ) from None


def _new_container(temporary: Path, suffix: str, encoding: Encoding) -> Any:
    name = _FORMATS.get(suffix, suffix[1:])
    if name not in av.formats_available:
        raise av.error.MuxerNotFoundError(0, f"no kind of video ends in '{suffix}'")
    return av.open(ffmpeg_name(temporary), "w", format=name, options=dict(encoding.container))


def _new_stream(container: Any, shape: tuple[int, ...], rate: Fraction, encoding: Encoding) -> Any:
    try:
        stream = container.add_stream(encoding.codec, rate=rate, options=dict(encoding.options))
    except ValueError as error:  # GIF, or a kind of sound file
        raise av.error.MuxerNotFoundError(0, str(error)) from None
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = encoding.pixels
    context = stream.codec_context
    # With several threads x264 gives another file at every run.
    context.thread_count, context.time_base = 1, 1 / rate
    if len(shape) == 3:
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = int(ColorRange.MPEG)
    return stream


def _gray_frame(pixels: UInt8) -> VideoFrame:
    return VideoFrame.from_ndarray(pixels, format="gray")


class _RGBConverter:
    """RGB pixels (H, W, 3) to frames in the colors of BT.709."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, pixels: UInt8) -> VideoFrame:
        return self._reformatter.reformat(
            VideoFrame.from_ndarray(pixels, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
