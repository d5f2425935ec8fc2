"""Recordings written as their plans say, and what is true of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from block_code import burst_times, bursts, numbered_frame
from cutting import cut_without_encoding
from fuzz.grids import spelled
from fuzz.plans import CODEC_OF_FILE, Plan
from rtmri2speech.data.media.audio import read_sound

_PIXELS = {"prores_ks": "yuv422p10le", "qtrle": "rgb24", "png": "rgb24", "huffyuv": "yuv422p", "utvideo": "yuv422p"}
_PIXELS |= {"mjpeg": "yuvj420p", "gif": "rgb8", "ffv1": "gray"}
_OPTIONS = {
    "libx264": {"preset": "ultrafast", "crf": "12"},
    "libx265": {"preset": "ultrafast", "crf": "12", "x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "1M"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "b": "1M"},
}
_EXACT = ("libx264", "libx265", "libvpx", "libvpx-vp9", "ffv1", "huffyuv", "utvideo", "rawvideo", "png", "qtrle")
# Formats whose names PyAV cannot tell from the ending, or would tell otherwise.
_MUXERS = {"m4v": "mp4", "mkv": "matroska", "ts": "mpegts", "mpg": "mpeg", "wmv": "asf", "mka": "matroska"}
_MUXERS |= {"ogv": "ogg", "m2ts": "mpegts", "y4m": "yuv4mpegpipe", "m2v": "mpeg2video"}
_MUXERS |= {"m4a": "ipod", "aac": "adts", "wma": "asf"}
_SUBTYPES = ("PCM_16", "PCM_24", "FLOAT")
_FINE = Fraction(1, 60000)
DRIFT = Fraction(15, 1000)
JUMP = Fraction(3, 10)


@dataclass(frozen=True)
class Truth:
    """What is true of a recording.

    Attributes:
        numbers: of the frames that are in the file, shape (n,).
        edges: when they start, and the end of the last, on the file's clock in seconds, shape (n + 1,).
        marks: times in the middle of frames at which there is a burst.
    """

    numbers: NDArray[np.int64]
    edges: NDArray[np.float64]
    marks: list[float]


def write_planned(plan: Plan, folder: Path) -> tuple[Path, Truth]:
    """Write a recording, its sound file and its annotation; the path of the video (or of its table), and the truth."""
    rng = np.random.default_rng(plan.seed)
    ticks, unit, odd = _ticks(plan, rng)
    start = plan.video_start * (ticks[1] - ticks[0] if plan.stamps == "even" else round(1 / plan.rate / unit))
    numbers = np.arange(len(ticks) - 1)
    if plan.stamps == "dropped":
        kept = np.ones(len(numbers), bool)
        kept[rng.choice(np.arange(3, len(numbers) - 3), 4, replace=False)] = False
        numbers = numbers[kept]
    edges = np.array([float((ticks[number] + start) * unit) for number in [*numbers, len(ticks) - 1]])
    marks = _marks(plan, edges, numbers, odd, rng)
    truth = Truth(numbers, edges, marks)
    video = folder / f"a.{plan.container}"
    whole = folder.parent / f"whole.{plan.container}" if plan.cut else video
    with av.open(str(whole), "w", format=_MUXERS.get(plan.container)) as container:
        packets = list(_encode_video(container, plan, [(int(n), ticks[n] + start) for n in numbers], unit))
        if not plan.file:
            packets += _encode_sound(container, plan, *_samples_inside(plan, truth), clock=_clock(plan, truth))
        packets.sort(key=lambda packet: packet.dts * packet.time_base)
        for packet in packets:
            container.mux(packet)
    if plan.stamps == "double":
        _double_stamp(whole, odd)
    if plan.foreign:
        whole.write_bytes(whole.read_bytes().replace(b"Lavf", b"Vdub"))
    if plan.cut:
        cut_without_encoding(whole, video, plan.cut, lead=Fraction(1, 10))
    source = video
    if plan.file:
        _write_sound_file(folder / f"a.{plan.file}", plan, truth, rng)
        if plan.sync:
            source = folder / "pairs.csv"
            source.write_text(f"video,audio,sync_offset\n{video.name},a.{plan.file},{float(plan.sync)!r}\n")
    if plan.grid and not plan.sync:
        sound = read_sound(folder / f"a.{plan.file}" if plan.file else video)
        near = [(time - 0.02, time + 0.02, "mark") for time in burst_times(sound.samples, sound.rate)]
        suffix, content = spelled(plan.grid, near, sound.duration)
        (folder / f"a.{suffix}").write_bytes(content)
    return source, truth


def _ticks(plan: Plan, rng: np.random.Generator) -> tuple[list[int], Fraction, int]:
    """When frames start, and the end of the last, in a unit of time; and a frame whose stamp will be wrong."""
    odd = int(rng.integers(plan.frames // 3, 2 * plan.frames // 3))
    if plan.stamps in ("even", "dropped"):
        return list(range(plan.frames + 1)), 1 / plan.rate, -1
    gaps = np.full(plan.frames, float(1 / plan.rate / _FINE))
    if plan.stamps == "two rates":
        gaps[plan.frames // 2 :] /= 2
    else:
        gaps *= rng.uniform(0.75, 1.25, plan.frames)
    return [0, *np.cumsum(np.maximum(1, np.rint(gaps))).astype(int).tolist()], _FINE, odd


def _marks(
    plan: Plan, edges: NDArray[np.float64], numbers: NDArray[np.int64], odd: int, rng: np.random.Generator
) -> list[float]:
    """Middles of frames, 0.25 to 0.6 s apart, so that no two of their distances are alike, away from what is odd."""
    middles = (edges[:-1] + edges[1:]) / 2
    low = max(edges[0] + 0.3, float(plan.sound_start) + 0.3 if not plan.file else 0.0, float(plan.cut) + 0.2)
    low += max(0.0, -float(plan.sync))
    middle = (edges[0] + edges[-1]) / 2
    marks: list[float] = []
    at = low
    while at < edges[-1] - 0.2:
        place = int(np.argmin(np.abs(middles - at)))
        near_jump = plan.clock == "jump" and abs(middles[place] - middle) < float(JUMP) + 0.15
        near_odd = plan.stamps == "double" and abs(place - odd) < 4
        late_enough = middles[place] > low and (not marks or middles[place] - marks[-1] > 0.2)
        if late_enough and not near_jump and not near_odd:
            marks.append(float(middles[place]))
        at += rng.uniform(0.25, 0.6)
    return marks


def _encode_video(container: Any, plan: Plan, frames: list[tuple[int, int]], unit: Fraction) -> Iterator[Any]:
    options = dict(_OPTIONS.get(plan.video, {}))
    if plan.video in ("libx264", "libx265", "mpeg4", "mpeg2video"):
        options |= {"bf": str(plan.b_frames), "g": str(plan.gop)}
    elif plan.video not in ("gif", "png", "qtrle", "prores_ks", "mjpeg", "rawvideo"):
        options |= {"g": str(plan.gop)}
    if plan.video not in _EXACT and plan.video != "gif":
        options |= {"b": "2M"}
    stream = container.add_stream(plan.video, rate=plan.rate, options=options)
    stream.width = stream.height = 64
    stream.pix_fmt = _PIXELS.get(plan.video, "yuv420p")
    stream.codec_context.time_base, stream.codec_context.thread_count = unit, 1

    def encoded() -> Iterator[Any]:
        for number, tick in frames:
            frame = av.VideoFrame.from_ndarray(numbered_frame(number), format="gray")
            frame.pts, frame.time_base = tick, unit
            yield from stream.encode(frame)
        yield from stream.encode(None)

    return encoded()


Later = Callable[[Fraction], Fraction]


def _clock(plan: Plan, truth: Truth) -> Later | None:
    """What stamps say of the sound at a time by its samples."""
    middle = Fraction((truth.edges[0] + truth.edges[-1]) / 2).limit_denominator(1000)
    if plan.clock == "drift":
        return lambda time: time * (1 + DRIFT)
    if plan.clock == "jump":
        return lambda time: time + JUMP if time > middle else time
    return None


def _samples_inside(plan: Plan, truth: Truth) -> tuple[NDArray[np.float32], Fraction]:
    """The sound of a track, and when it starts."""
    middle = Fraction((truth.edges[0] + truth.edges[-1]) / 2).limit_denominator(1000)
    start, end, marks = float(plan.sound_start), float(truth.edges[-1]), truth.marks
    if plan.clock == "drift":
        marks, end = [mark / float(1 + DRIFT) for mark in marks], end / float(1 + DRIFT)
    elif plan.clock == "jump":
        marks, end = [mark - float(JUMP) if mark > middle else mark for mark in marks], end - float(JUMP)
    return bursts([mark - start for mark in marks], end - start, plan.sound_rate), plan.sound_start


def _encode_sound(
    container: Any, plan: Plan, samples: NDArray[np.float32], start: Fraction, clock: Later | None
) -> list[Any]:
    options = {"strict": "-2"} if plan.sound in ("vorbis", "flac", "libopus") else {}
    if plan.sound == "aac":
        options["aac_coder"] = "fast"  # the other one smears bursts by some milliseconds
    stream = container.add_stream(plan.sound, rate=plan.sound_rate, options=options)
    stream.layout = "mono" if plan.channels == 1 else "stereo"
    if plan.sound == "wmav2":
        stream.bit_rate = 48000 * plan.channels
    packets: list[Any] = []
    for position in range(0, len(samples), 480):
        piece = np.repeat(samples[None, position : position + 480], plan.channels, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = plan.sound_rate, position, Fraction(1, plan.sound_rate)
        packets += stream.encode(frame)
    packets += stream.encode(None)
    if plan.foreign:
        start -= packets[0].pts * packets[0].time_base
    for packet in packets:
        shift = round(start / packet.time_base)
        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        if clock is not None:
            packet.pts = packet.dts = round(clock(packet.pts * packet.time_base) / packet.time_base)
    return packets


def _write_sound_file(path: Path, plan: Plan, truth: Truth, rng: np.random.Generator) -> None:
    """A sound file that starts with the first frame, or ``sync`` seconds earlier."""
    lead = float(plan.sync) - float(truth.edges[0])
    samples = bursts([mark + lead for mark in truth.marks], float(truth.edges[-1]) + lead, plan.sound_rate)
    if plan.file in CODEC_OF_FILE:
        with av.open(str(path), "w", format=_MUXERS.get(plan.file)) as container:
            for packet in _encode_sound(container, plan, samples, Fraction(0), None):
                container.mux(packet)
        return
    kinds = soundfile.available_subtypes(path.suffix[1:].upper())
    subtype = _SUBTYPES[int(rng.integers(3))]
    channels = np.repeat(samples[:, None], plan.channels, axis=1)
    soundfile.write(path, channels, plan.sound_rate, subtype=subtype if subtype in kinds else "PCM_16")


def _double_stamp(path: Path, number: int) -> None:
    """Give a frame of a MOV the time stamp of the next one."""
    content = bytearray(path.read_bytes())
    place = content.index(b"stts") + 8
    count = struct.unpack_from(">I", content, place)[0]
    frame = 0
    for entry in range(count - 1):
        here, there = place + 4 + 8 * entry, place + 12 + 8 * entry
        (n, delta), (m, following) = (struct.unpack_from(">II", content, at) for at in (here, there))
        if frame >= number and n == m == 1:
            struct.pack_into(">I", content, here + 4, delta + following)
            struct.pack_into(">I", content, there + 4, 0)
            break
        frame += n
    path.write_bytes(content)
