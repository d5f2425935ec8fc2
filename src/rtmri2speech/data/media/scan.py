"""A video decoded to its end: what it holds, exactly when, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.media.containers import avi_layout, avi_times, shift_of_cut, sound_delay
from rtmri2speech.data.media.gray import GrayConverter, GrayFrame
from rtmri2speech.data.media.streams import Note
from rtmri2speech.data.media.timestamps import frame_times, tagged_duration
from rtmri2speech.data.media.video import decode_stream, decoding_threads, opened, read_video, video_stream
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate

# Frames of a scanned video stay in memory up to this size: 4,000 frames of 256x256, two and a half minutes.
_KEEP_BYTES = 256 << 20

# Over-bright frames come at the start only: magnetization reaches its steady state within a second or two.
_LEADING_MAX = 256
_BRIGHTER = 1.10


@dataclass(frozen=True)
class VideoScan:
    """What decoding a video to its end has shown.

    Attributes:
        path: the file.
        width, height: pixels, as the frames are shown.
        codec, pixel_format: as FFmpeg names them.
        starts: display time of every frame in seconds on the container's clock, shape (n,), increasing.
        end: end of the last frame, seconds.
        rate: mean frame rate, exact where the container's times are.
        announced: number of frames that the container announces, 0 where it announces none.
        damaged: packets that could not be decoded.
        concealed: frames decoded in part, the rest filled in by the decoder.
        means: mean gray value of every frame, shape (n,).
        blank: indices of frames without any contrast.
        frozen: True when all frames are the same.
        histogram: counts by gray value over the steady frames (leading over-bright ones left out).
        over_bright: number of leading frames brighter than the steady state.
        odd: numbers of frames whose time stamp could not be true, and is that between their neighbors.
        cut: seconds of a cut's first frame that FFmpeg alone would not have counted.
        shown: times that each decoded frame is shown, shape (d,), where some are shown more than once (empty chunks
            of AVI), or None; every other field counts the frames as they are shown.
        kept: the decoded frames themselves, where they need little memory, so that they are decoded once.
        pixel_aspect: width of a pixel by its height.
        number: of the video in the file, counted from 1; None for the flagged one.
        notes: what was decided while it was read.
        has_sound: whether the file has a sound track.
        threads: that have decoded it, and will once more.
    """

    path: Path
    width: int
    height: int
    codec: str
    pixel_format: str
    starts: Float64
    end: float
    rate: Fraction
    announced: int
    damaged: int
    concealed: int
    means: Float64
    blank: list[int]
    frozen: bool
    histogram: Int64
    over_bright: int
    odd: list[int] = field(default_factory=list)
    cut: float = 0.0
    shown: Int64 | None = None
    kept: list[GrayFrame] | None = field(default=None, compare=False, repr=False)
    pixel_aspect: Fraction = Fraction(1)
    number: int | None = None
    notes: tuple[Note, ...] = ()
    has_sound: bool = False
    threads: int = field(default=1, compare=False, repr=False)

    @property
    def n_frames(self) -> int:
        """Frames, as they are shown."""
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

    def require_whole(self) -> None:
        """Refuse a damaged file: after the damage, frames may have wrong times.

        Raises:
            MediaError: saying what is broken.
        """
        if self.damage is not None:
            raise MediaError(f"{self.path}: {self.damage}.", "Copy or export the file again.")

    def read(self) -> Iterator[GrayFrame]:
        """The frames (h, w) in order, from memory or from the file."""
        if self.kept is not None:
            decoded = iter(self.kept)
        else:  # in a worker process, perhaps, of what another one has scanned
            decoded = read_video(self.path, self.number, min(self.threads, decoding_threads()))
        if self.shown is None:
            return decoded
        return (frame for frame, times in zip(decoded, self.shown, strict=False) for _ in range(times))

    @property
    def duration(self) -> float:
        """Seconds from the start of the first frame to the end of the last."""
        return self.end - float(self.starts[0])


def scan_video(path: Path, fps: FrameRate | None = None, number: int | None = None) -> VideoScan:
    """Decode a video to its end, in bounded memory, and say what it holds.

    Args:
        path: the file.
        fps: true frame rate, where the container's is known to be wrong.
        number: of the video in the file, counted from 1; None for the one flagged as default, or the first.

    Raises:
        ConfigError: when ``fps`` is not a frame rate.
        MediaError: when it cannot be read, holds no video of that number, or no frame could be decoded.
    """
    true_rate = frame_rate(fps)
    if (threads := decoding_threads()) > 1:
        # Only one thread can say what is damaged, and where.
        with suppress(MediaError):
            scan = _scanned(path, true_rate, number, threads)
            if scan.damage is None and not scan.concealed:
                return scan
    return _scanned(path, true_rate, number, 1)


def _scanned(path: Path, true_rate: Fraction | None, number: int | None, threads: int) -> VideoScan:
    tally, damaged = _Tally(path), 0
    pts: list[int | None] = []
    packets = _Packets()
    with opened(path) as container:
        stream, notes = video_stream(container, path, number, threads)
        to_gray = GrayConverter(stream)
        announced, codec, index = stream.frames, stream.codec_context.name, stream.index
        container_name, has_sound = container.format.name, bool(container.streams.audio)
        time_base, nominal = stream.time_base, stream.average_rate or stream.guessed_rate
        if "mp4" in container_name:
            # What an edit list leaves out is not announced either.
            announced = min(announced, len(stream.index_entries) or announced)
        pixel_format, silence = str(stream.codec_context.pix_fmt), sound_delay(container)
        promised_end = tagged_duration(stream.metadata)
        for frame in decode_stream(container, stream, packets.count):
            if frame is None:
                damaged += 1
                continue
            pts.append(frame.pts)
            tally.add(to_gray(frame), bool(frame.is_corrupt))
    if tally.first is None:
        raise MediaError(f"{path}: not one frame could be decoded.", "Copy or export the recording again.")
    # Trimmed without encoding again (an edit list): frames before the cut are there, but never shown.
    announced, shown, shift = max(announced - packets.hidden, 0), None, 0
    later = 0.0
    if container_name == "avi":
        delay = silence / float(time_base) if time_base else 0.0
        avi = avi_times(avi_layout(path, index), pts, announced, damaged, delay, codec)
        pts, shown, announced = avi.pts, avi.shown, avi.announced
        later = silence if avi.delayed else 0.0
    elif packets.hidden and packets.first is not None:
        shift = shift_of_cut(path, index, *packets.first)
        if time_base and nominal and shift * time_base > 2 / nominal:
            shift = 0  # edits in the middle, which only FFmpeg's own way follows
        pts = [None if value is None else value + shift for value in pts]
    starts, end, rate, odd = frame_times(path, pts, time_base, nominal, true_rate, container_name == "mpeg")
    starts, end = (starts + later, end + later) if later else (starts, end)
    if not announced and true_rate is None and promised_end is not None:
        # One frame more or less is rounding.
        missing = round((promised_end - end) * float(nominal or rate))
        announced = len(pts) + missing if missing > 1 else 0
    if shown is not None:
        tally.repeat(shown)
    level = np.array(tally.means)
    over_bright = _over_bright(level)
    height, width = tally.first.shape
    return VideoScan(
        path=path,
        width=width,
        height=height,
        codec=codec,
        pixel_format=pixel_format,
        starts=starts,
        end=end,
        rate=rate,
        announced=announced,
        damaged=damaged,
        concealed=tally.concealed,
        means=level,
        blank=tally.blank,
        frozen=tally.frozen and len(pts) > 1,
        histogram=tally.histogram(over_bright),
        over_bright=over_bright,
        odd=odd,
        cut=float(shift * time_base) if time_base else 0.0,
        shown=shown,
        kept=tally.kept,
        pixel_aspect=to_gray.pixel_aspect,
        number=number,
        notes=(*notes, *to_gray.notes),
        has_sound=has_sound,
        threads=threads,
    )


@dataclass
class _Packets:
    """What the packets say that their frames do not: how many are never shown, and the first one that is."""

    hidden: int = 0
    first: tuple[int, int] | None = None

    def count(self, packet: Any) -> None:
        """Look at a packet: place in the file and time stamp."""
        self.hidden += bool(packet.is_discard)
        if self.first is None and not packet.is_discard and packet.pos is not None and packet.pts is not None:
            self.first = packet.pos, packet.pts


class _Tally:
    """Statistics of a video, gathered frame by frame."""

    def __init__(self, path: Path) -> None:
        self.first: GrayFrame | None = None
        self.kept: list[GrayFrame] | None = []
        self.means: list[float] = []
        self.blank: list[int] = []
        self.concealed = 0
        self.frozen = True
        self._path = path
        self._histograms: list[Int64] = []

    def add(self, gray: GrayFrame, concealed: bool) -> None:
        """Count a frame."""
        number = len(self.means)
        if self.first is None:
            self.first = gray
        elif gray.shape != self.first.shape:
            (height, width), (new_height, new_width) = self.first.shape, gray.shape
            raise MediaError(
                f"{self._path}: the frames change size at frame {number} "
                f"({width}x{height} to {new_width}x{new_height}).",
                "Export the recording as one video of constant size.",
            )
        else:
            self.frozen = self.frozen and np.array_equal(gray, self.first)
        counts = np.bincount(gray.ravel(), minlength=np.iinfo(gray.dtype).max + 1)
        # Leading frames are kept apart until the steady state is known.
        if len(self._histograms) < _LEADING_MAX:
            self._histograms.append(counts.astype(np.int32))
        else:
            self._histograms[-1] = self._histograms[-1] + counts
        if np.count_nonzero(counts) == 1:
            self.blank.append(number)
        self.means.append(float(counts @ np.arange(len(counts)) / gray.size))
        self.concealed += concealed
        if self.kept is not None:
            self.kept.append(gray)
            if len(self.kept) * gray.nbytes > _KEEP_BYTES:
                self.kept = None

    def repeat(self, shown: Int64) -> None:
        """Count every frame as often as it is shown."""
        first = np.cumsum(shown) - shown
        self.means = np.repeat(self.means, shown).tolist()
        self.blank = [int(first[place]) + again for place in self.blank for again in range(shown[place])]
        # The last one stands for all that follow; once is enough for it.
        times = [*shown[: len(self._histograms) - 1], 1]
        self._histograms = [one for one, count in zip(self._histograms, times, strict=True) for _ in range(count)]

    def histogram(self, skipped: int) -> Int64:
        """Counts by gray value without the first ``skipped`` frames."""
        kept = self._histograms[min(skipped, len(self._histograms) - 1) :]
        return np.asarray(np.sum(kept, axis=0, dtype=np.int64))


def _over_bright(means: Float64) -> int:
    """Leading frames whose mean exceeds the clip's median by a tenth (USC-75: mean 100 falling to 59)."""
    steady = float(np.median(means))
    leading = means[: min(_LEADING_MAX, len(means) // 4)]
    below = np.flatnonzero(leading <= _BRIGHTER * steady)
    return int(below[0]) if len(below) else len(leading)
