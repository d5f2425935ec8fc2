"""What containers say about frames that FFmpeg does not pass on: cuts in MP4, frames without data in AVI."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import av
import numpy as np

from rtmri2speech.arrays import Int64
from rtmri2speech.data.endings import ffmpeg_name
from rtmri2speech.data.media.streams import choose_stream

# Chunks of a stream in AVI: its number in two digits, then "dc" or "db" (Microsoft, AVI RIFF File Reference).
_VIDEO_CHUNKS = (b"dc", b"db")
_INDEX_ENTRY = struct.Struct("<4sIII")
# AVISTREAMHEADER up to dwStart.
_STREAM_HEADER = struct.Struct("<4s4sIHHIIII")

# Frames that H.264 may keep a decoder waiting for.
_REORDERED = 4

_LARGEST_HEADER = 1 << 20
# An index larger than this belongs to no file of the AVI 1.0 kind, where the whole file has at most 4 GB.
_LARGEST_INDEX = 256 << 20


# Samples by which encoders put silence before the sound, where the file does not say: LAME (576 of the encoder and 529
# of every decoder), the AAC and MPEG-2 encoders of FFmpeg.
_ENCODER_DELAYS = {"mp3": 1105, "mp3float": 1105, "aac": 1024, "mp2": 481, "mp2float": 481}


def encoder_delay(codec: str) -> int:
    """Samples of silence that the encoder of a codec puts first, where the file does not say how many."""
    return _ENCODER_DELAYS.get(codec, 0)


def sound_delay(container: Any) -> float:
    """Seconds of silence that the encoder of a container's sound has put first, where the container cannot say so."""
    if not container.streams.audio:
        return 0.0
    stream, _ = choose_stream(Path(container.name), container.streams.audio, "audio", None)
    return encoder_delay(stream.codec_context.name) / (stream.codec_context.sample_rate or 1)


def shift_of_cut(path: Path, stream: int, place: int, pts: int) -> int:
    """Ticks by which FFmpeg shows the frames of a trimmed MP4 or MOV too early.

    Where the edit list starts between two frames, FFmpeg moves the first one that is shown to time 0, and not the sound
    (mov.c, ``min_corrected_pts``). Asked not to look at the edits one by one, it keeps the times.

    Args:
        path: the file.
        stream: number of the video stream.
        place: position of a packet in the file, bytes.
        pts: its time stamp as FFmpeg gives it.
    """
    try:
        with av.open(ffmpeg_name(path), options={"advanced_editlist": "0"}) as container:
            for packet in container.demux(container.streams[stream]):
                if packet.pos == place and packet.pts is not None:
                    return max(0, int(packet.pts) - pts)
    except av.error.FFmpegError:
        # It was readable a moment ago; nothing is known of its edits then.
        pass
    return 0


@dataclass(frozen=True)
class AviLayout:
    """What an AVI says of its video stream.

    Attributes:
        start: frames by which the stream starts late.
        by_ffmpeg: whether FFmpeg says that it wrote the file.
        empty: for each chunk whether it is empty (show the frame before once more); None where the file has no index.
    """

    start: int = 0
    by_ffmpeg: bool = False
    empty: list[bool] | None = None


def avi_layout(path: Path, stream: int) -> AviLayout:
    """Read start and index of an AVI's stream.

    FFmpeg and recorders that drop frames write empty chunks, which FFmpeg passes over when it reads.
    """
    start, by_ffmpeg, empty = 0, False, None
    with path.open("rb") as file:
        if len(head := file.read(12)) == 12 and head[:4] == b"RIFF":
            for name, size in _chunks(file, path.stat().st_size):
                if name == b"LIST" and size <= _LARGEST_HEADER:
                    content = file.read(size)
                    start = _start(content, stream) or start
                    by_ffmpeg = by_ffmpeg or (content[:4] == b"INFO" and b"Lavf" in content)
                elif name == b"idx1" and size <= _LARGEST_INDEX:
                    wanted = [b"%02d" % stream + kind for kind in _VIDEO_CHUNKS]
                    content = file.read(size)
                    whole = content[: len(content) - len(content) % _INDEX_ENTRY.size]
                    empty = [length == 0 for kind, _, _, length in _INDEX_ENTRY.iter_unpack(whole) if kind in wanted]
    return AviLayout(start, by_ffmpeg, empty)


def _start(headers: bytes, stream: int) -> int | None:
    """The start in the header of a stream, from the content of a list."""
    if headers[:4] != b"hdrl":
        return None
    place = -1
    for _ in range(stream + 1):
        place = headers.find(b"strh", place + 1)
        if place < 0 or place + 8 + _STREAM_HEADER.size > len(headers):
            return None
    return int(_STREAM_HEADER.unpack_from(headers, place + 8)[-1])


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int]]:
    """Name and size of the chunks that follow; the file stands at the content of each."""
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        place = file.tell()
        yield name, size
        if place + size >= end:
            return
        file.seek(place + size + size % 2)


class AviTimes(NamedTuple):
    """Time stamps of the frames of an AVI, how often each is shown, how many are announced; and whether they wait."""

    pts: list[int | None]
    shown: Int64 | None
    announced: int
    delayed: bool


def avi_times(
    layout: AviLayout, pts: list[int | None], announced: int, damaged: int, delay: float, codec: str
) -> AviTimes:
    """When the frames of an AVI are shown: every chunk has a tick, an empty one shows the frame before once more.

    FFmpeg cannot write into an AVI that its sound starts with an encoder's delay, nor that frames wait for others that
    are decoded later. It puts empty chunks after the first frame instead, in whole ticks. Where that is seen, or FFmpeg
    says that it wrote the file, all frames start after that delay. The time stamps that it gives for H.264 are guesses.

    Args:
        layout: from :func:`avi_layout`.
        pts: FFmpeg's time stamps of the decoded frames, in ticks.
        announced: frames that the header announces.
        damaged: packets that could not be decoded.
        delay: of the sound's encoder, in ticks.
        codec: FFmpeg's name of the video's.
    """
    n, empty, delayed = len(pts), layout.empty or [], layout.by_ffmpeg and delay > 0
    places = [place for place, is_empty in enumerate(empty) if not is_empty]
    begin, length, late = layout.start, len(empty), pts[0]
    if damaged or len(places) != n or length < announced:
        # Without a whole index the time stamps say which ticks have no frame of their own.
        if late in (1, 2) and late != layout.start and not (empty and empty[0]):
            # FFmpeg's guess for H.264 and for B-frames; the container itself starts at its first frame.
            pts = [None if value is None else value - late for value in pts]
        begin, places, length = 0, [value for value in pts if value is not None], 0
        if damaged or len(places) != n or any(one >= other for one, other in pairwise(places)):
            return AviTimes(pts, None, announced, delayed)
    gap = places[1] - places[0] - 1 if n > 1 else 0
    waits = math.ceil(delay) + (_REORDERED if codec in ("h264", "hevc") else 0)
    if 0 < gap <= waits and (layout.by_ffmpeg or gap in (int(delay), math.ceil(delay))):
        places, delayed = [places[0], *(place - gap for place in places[1:])], delay > 0
        announced, length = max(0, announced - gap), max(0, length - gap)
    ends = [*places[1:], max(length, places[-1] + 1)]
    shown = np.array([stop - start for start, stop in zip(places, ends, strict=True)], np.int64)
    stamps: list[int | None] = list(range(begin + places[0], begin + ends[-1]))
    return AviTimes(stamps, shown if shown.max() > 1 else None, max(0, announced - places[0]), delayed)
