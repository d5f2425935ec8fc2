"""Containers and videos: decoding, exact times, encoding. With ``sound.py`` the only importer of PyAV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from rtmri2speech.data.files import cannot_write, remove_file
from rtmri2speech.data.times import frame_times, tagged_duration
from rtmri2speech.errors import MediaError, UserError

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov")

# Errors of single packets after which the next packet may still be good.
_DAMAGE = (av.error.InvalidDataError, av.error.ExternalError, av.error.EOFError)

GreyFrame = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class VideoScan:
    """What decoding a video to its end has shown.

    Attributes:
        path: the file.
        width, height: pixels.
        codec, pixel_format: as FFmpeg names them.
        starts: display time of every frame in seconds on the container's clock, shape (n,), increasing.
        end: end of the last frame, seconds.
        rate: mean frame rate, exact where the container's times are.
        announced: number of frames that the container promises, 0 where it promises none.
        damaged: packets that could not be decoded.
        concealed: frames decoded in part, the rest filled in by the decoder.
        means: mean grey value of every frame, shape (n,).
        blank: indices of frames without any contrast.
        frozen: True when all frames are the same.
        histogram: counts by grey value over the steady frames (leading over-bright ones left out).
        over_bright: number of leading frames brighter than the steady state.
    """

    path: Path
    width: int
    height: int
    codec: str
    pixel_format: str
    starts: NDArray[np.float64]
    end: float
    rate: Fraction
    announced: int
    damaged: int
    concealed: int
    means: NDArray[np.float64]
    blank: list[int]
    frozen: bool
    histogram: NDArray[np.int64]
    over_bright: int

    @property
    def n_frames(self) -> int:
        """Decoded frames."""
        return len(self.starts)

    @property
    def damage(self) -> str | None:
        """What is broken in the file, or None."""
        if self.damaged:
            promised = f" of {self.announced} announced" if self.announced else ""
            return f"{self.damaged} damaged packet(s); {self.n_frames} frames{promised} could be decoded"
        if self.announced > self.n_frames:
            return f"cut short: {self.announced} frames announced, {self.n_frames} decoded"
        return None

    @property
    def duration(self) -> float:
        """Seconds from the first frame's begin to the last one's end."""
        return self.end - float(self.starts[0])


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A container open for reading.

    Raises:
        MediaError: when it is missing, empty, or nothing that FFmpeg can read.
    """
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


def _video_stream(container: Any, path: Path) -> VideoStream:
    if not container.streams.video:
        raise MediaError(f"{path}: holds no picture.", "Give the video file; its sound may lie beside it.")
    stream: VideoStream = container.streams.video[0]
    # One thread a file: several files at once use the cores better (802 against 164 frames/s measured).
    stream.codec_context.thread_count = 1
    return stream


def decode_stream(container: Any, stream: Any, seen: Callable[[Any], None] = lambda packet: None) -> Iterator[Any]:
    """Frames of a stream; a damaged packet is passed over as None. ``seen`` is called with every packet."""
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


def _grey(frame: VideoFrame) -> GreyFrame:
    deep = max(component.bits for component in frame.format.components) > 8 and frame.format.name != "pal8"
    grey: GreyFrame = frame.to_ndarray(format="gray16le" if deep else "gray")  # type: ignore[assignment]
    return grey


def scan_video(path: Path, fps: Fraction | None = None) -> VideoScan:
    """Decode a video to its end, in bounded memory, and say what it holds.

    Args:
        path: the file.
        fps: true frame rate, where the container's is known to be wrong.

    Raises:
        MediaError: when it cannot be read, holds no picture, or no frame could be decoded.
    """
    pts: list[int | None] = []
    means: list[float] = []
    blank: list[int] = []
    histograms: list[NDArray[np.int64]] = []
    first: GreyFrame | None = None
    frozen, damaged, concealed, hidden = True, 0, 0, 0

    def count_hidden(packet: Any) -> None:
        nonlocal hidden
        hidden += bool(packet.is_discard)

    with opened(path) as container:
        stream = _video_stream(container, path)
        announced, codec = stream.frames, stream.codec_context.name
        without_times = container.format.name == "avi"
        time_base, nominal = stream.time_base, stream.average_rate or stream.guessed_rate
        pixel_format = str(stream.codec_context.pix_fmt)
        promised_end = tagged_duration(stream.metadata)
        for frame in decode_stream(container, stream, count_hidden):
            if frame is None:
                damaged += 1
                continue
            concealed += bool(frame.is_corrupt)
            grey = _grey(frame)
            if first is None:
                first = grey
            elif grey.shape != first.shape:
                raise MediaError(
                    f"{path}: the picture changes size at frame {len(pts)} "
                    f"({first.shape[1]}x{first.shape[0]} to {grey.shape[1]}x{grey.shape[0]}).",
                    "Export the recording as one video of constant size.",
                )
            else:
                frozen = frozen and np.array_equal(grey, first)
            counts = np.bincount(grey.ravel(), minlength=np.iinfo(grey.dtype).max + 1)
            # Leading frames are kept apart until the steady state is known.
            if len(histograms) < _LEADING_MAX:
                histograms.append(counts.astype(np.int32))
            else:
                histograms[-1] = histograms[-1] + counts
            if grey.min() == grey.max():
                blank.append(len(pts))
            pts.append(frame.pts)
            means.append(float(grey.mean()))
    if first is None:
        raise MediaError(f"{path}: not one frame could be decoded.", "Copy or export the recording again.")
    if without_times and (late := pts[0]) in (1, 2):
        # FFmpeg's guess for H.264 and for B-frames; the container itself begins at its first frame.
        pts = [None if value is None else value - late for value in pts]
    # Trimmed without encoding again (an edit list): frames before the cut are there, but never shown.
    announced = max(announced - hidden, 0)
    starts, end, rate = frame_times(path, pts, time_base, nominal, fps)
    if not announced and fps is None and promised_end is not None:
        # One frame more or less is rounding.
        missing = round((promised_end - end) * float(nominal or rate))
        announced = len(pts) + missing if missing > 1 else 0
    level = np.array(means)
    over_bright = _over_bright(level)
    histogram = np.zeros(len(histograms[0]), np.int64)
    for counts in histograms[min(over_bright, len(histograms) - 1) :]:
        histogram += counts
    return VideoScan(
        path=path,
        width=first.shape[1],
        height=first.shape[0],
        codec=codec,
        pixel_format=pixel_format,
        starts=starts,
        end=end,
        rate=rate,
        announced=announced,
        damaged=damaged,
        concealed=concealed,
        means=level,
        blank=blank,
        frozen=frozen and len(pts) > 1,
        histogram=histogram,
        over_bright=over_bright,
    )


# Over-bright frames come at the start only: magnetisation reaches its steady state within a second or two.
_LEADING_MAX = 256
_BRIGHTER = 1.10


def _over_bright(means: NDArray[np.float64]) -> int:
    """Leading frames whose mean exceeds the clip's median by a tenth (USC-75: mean 100 falling to 59)."""
    steady = float(np.median(means))
    leading = means[: min(_LEADING_MAX, len(means) // 4)]
    below = np.flatnonzero(leading <= _BRIGHTER * steady)
    return int(below[0]) if len(below) else len(leading)


def read_video(path: Path) -> Iterator[GreyFrame]:
    """Grey frames (h, w) of a video in order, uint8, or uint16 for deeper formats.

    Damaged packets are passed over, as :func:`scan_video` counts them.
    """
    with opened(path) as container:
        stream = _video_stream(container, path)
        for frame in decode_stream(container, stream):
            if frame is not None:
                yield _grey(frame)


def write_video(path: Path, frames: Iterable[NDArray[np.uint8]], rate: Fraction, lossless: bool = False) -> None:
    """Write grey frames (h, w) of even size as a video of exactly ``rate`` frames a second.

    Lossless is FFV1 (use ``.mkv`` or ``.avi``); otherwise H.264 without visible loss, or MPEG-4 where this
    build of FFmpeg has no H.264 encoder.

    Raises:
        UserError: when the file cannot be written.
    """
    temporary = path.with_name(f".{os.getpid()}.tmp{path.suffix}")
    if lossless:
        codec, pixel_format, options = "ffv1", "gray", {}
    elif "libx264" in av.codecs_available:
        codec, pixel_format, options = "libx264", "yuv420p", {"crf": "8", "preset": "medium"}
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
                    stream.codec_context.time_base = 1 / rate
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray")
                frame.pts, frame.time_base = index, 1 / rate
                container.mux(stream.encode(frame))
            if stream is None:
                raise UserError(f"{path}: no frame to write.", "Give at least one frame.")
            container.mux(stream.encode(None))
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_file(temporary)
