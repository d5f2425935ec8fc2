"""Plans of recordings: containers, codecs, rates, starts, stamps and annotations, in combinations that can be written.

A plan is a value: what ``repr`` prints of a recording that fails makes it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Literal

import av

from fuzz.grids import SPELLINGS

Stamps = Literal["even", "late", "two rates", "dropped", "double"]
Clock = Literal["steady", "drift", "jump"]

RATES = (
    *(Fraction(10), Fraction(25, 2), Fraction(15), Fraction(20), Fraction(24000, 1001), Fraction(24), Fraction(25)),
    *(Fraction(625, 23), Fraction(272, 10), Fraction(30000, 1001), Fraction(30), Fraction(100, 3), Fraction(50)),
    *(Fraction(3999, 77), Fraction(60000, 1001), Fraction(60), Fraction(65040, 781), Fraction(995, 10), Fraction(100)),
)
_MPEG_RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50))

# What FFmpeg's muxers take, of the encoders that recordings are made with.
_H26X = ("libx264", "mpeg4", "libx265")
_PCM = ("pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_s16be", "pcm_u8")
CONTAINERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mp4": ((*_H26X, "mjpeg", "libvpx-vp9", "mpeg2video"), ("aac", "libmp3lame", "ac3", "alac", "libopus", "flac")),
    "m4v": (("libx264", "mpeg4"), ("aac", "ac3")),
    "mov": ((*_H26X, "mjpeg", "prores_ks", "qtrle", "png"), ("aac", "libmp3lame", "alac", *_PCM)),
    "3gp": (("libx264", "mpeg4"), ("aac",)),
    "mkv": (
        (*_H26X, "ffv1", "mjpeg", "libvpx", "rawvideo"),
        ("aac", "libmp3lame", "ac3", "flac", "libopus", "vorbis", "mp2", *_PCM[:4]),
    ),
    "webm": (("libvpx", "libvpx-vp9"), ("libopus", "vorbis")),
    "avi": (
        ("mpeg4", "libx264", "mjpeg", "ffv1", "huffyuv", "utvideo", "rawvideo", "msmpeg4v2", "msmpeg4v3"),
        ("pcm_s16le", "pcm_u8", "pcm_f32le", "libmp3lame", "aac", "ac3", "mp2"),
    ),
    "ts": (("libx264", "libx265", "mpeg2video", "mpeg4"), ("aac", "mp2", "libmp3lame", "ac3", "libopus")),
    "mpg": (("mpeg1video", "mpeg2video"), ("mp2", "libmp3lame", "ac3")),
    "flv": (("flv", "libx264"), ("aac", "libmp3lame")),
    "wmv": (("wmv2", "wmv1", "msmpeg4v3"), ("wmav2", "libmp3lame")),
    "nut": (("mpeg4", "libx264", "ffv1"), ("aac", "libmp3lame", "flac", "pcm_s16le", "vorbis")),
    "mxf": (("mpeg2video",), ("pcm_s16le",)),
    "ogv": (("libvpx",), ("vorbis", "libopus", "flac")),
    "m2ts": (("libx264", "mpeg2video"), ("ac3", "mp2")),
    "asf": (("msmpeg4v3", "wmv2"), ("wmav2", "aac")),
    "y4m": (("rawvideo",), ()),
    "m2v": (("mpeg2video",), ()),
    "gif": (("gif",), ()),
}
FILES = ("wav", "flac", "mp3", "m4a", "ogg", "opus", "aiff", "w64", "caf", "au", "mka", "wma", "aac", "mp2", "ac3")
"""Endings of sound files next to a video."""
CODEC_OF_FILE = {"mp3": "libmp3lame", "m4a": "aac", "ogg": "vorbis", "opus": "libopus", "mka": "flac", "wma": "wmav2"}
CODEC_OF_FILE |= {"aac": "aac", "mp2": "mp2", "ac3": "ac3"}

_SOUND_RATES = (8000, 11025, 12000, 16000, 20000, 22050, 24000, 32000, 44100, 48000)
_RATES_OF_CODEC = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "libmp3lame": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "ac3": (32000, 44100, 48000),
    "mp2": (16000, 22050, 24000, 32000, 44100, 48000),
    "libopus": (8000, 12000, 16000, 24000, 48000),
    "wmav2": (16000, 22050, 32000, 44100, 48000),
    "vorbis": (16000, 22050, 32000, 44100, 48000),
}
# Ticks fine enough for frames at any time, and one per frame at a constant rate, in containers that keep either.
_ANY_TIMES = ("mp4", "m4v", "mov", "3gp", "mkv", "webm", "nut", "ts", "m2ts", "wmv", "asf", "flv")
_ANY_START = (*_ANY_TIMES, "mpg")
_CUT = ("mp4", "mov", "mkv", "ts")
# Sound of its own stamps: PCM of QuickTime has none.
_OWN_CLOCK = ("mp4", "mkv", "webm", "ts", "m2ts", "nut", "flv", "wmv")
_SHORTEST, _LONGEST = 2.5, 5.0


@dataclass(frozen=True)
class Plan:
    """A recording to write.

    Attributes:
        container, video, sound: the file's kind, FFmpeg's names of the encoders.
        file: ending of a sound file next to it; empty: the sound is in the container.
        rate: frames per second.
        frames: how many.
        sound_rate: samples per second.
        channels: of the sound.
        b_frames, gop: of the encoder of the video, if it has any.
        video_start: frames by which the video starts late.
        sound_start: seconds by which the sound starts late.
        sync: seconds by which a sound file starts before the video.
        stamps: of the frames.
        clock: of the sound.
        foreign: whether an AVI is as others than FFmpeg write it, who leave the encoder's silence at the start.
        cut: seconds at which the file was cut without encoding again; 0: not at all.
        grid: spelling of the annotation; empty: none.
        seed: of what is random.
    """

    container: str
    video: str
    sound: str
    file: str = ""
    rate: Fraction = Fraction(625, 23)
    frames: int = 100
    sound_rate: int = 16000
    channels: int = 1
    b_frames: int = 0
    gop: int = 12
    video_start: int = 0
    sound_start: Fraction = Fraction(0)
    sync: Fraction = Fraction(0)
    stamps: Stamps = "even"
    clock: Clock = "steady"
    cut: Fraction = Fraction(0)
    foreign: bool = False
    grid: str = ""
    seed: int = 0


def _there(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in av.codecs_available]


def plan_of(seed: int) -> Plan:
    """A plan that FFmpeg can write: the one of a seed."""
    random = Random(seed)
    container = random.choice(sorted(CONTAINERS))
    videos, sounds = map(_there, CONTAINERS[container])
    video = random.choice(videos)
    file = random.choice(FILES) if not sounds or random.randint(0, 3) == 0 else ""
    sound = CODEC_OF_FILE.get(file, "pcm_s16le") if file else random.choice(sounds)
    rates = RATES
    if video in ("mpeg1video", "mpeg2video"):
        rates = _MPEG_RATES if container != "mxf" else (Fraction(25), Fraction(30000, 1001), Fraction(50))
    elif container == "gif":
        rates = tuple(rate for rate in RATES if rate <= 30)
    rate = random.choice(rates)
    seconds = random.uniform(_SHORTEST, _LONGEST)
    sound_rates = _RATES_OF_CODEC.get(sound, _SOUND_RATES)
    if container == "flv" and sound == "libmp3lame":
        sound_rates = (11025, 22050, 44100)
    elif container == "mxf":
        sound_rates = (48000,)
    elif container in ("mp4", "mov") and sound == "libmp3lame":
        sound_rates = tuple(one for one in sound_rates if one >= 16000)
    reorders = video in ("libx264", "libx265", "mpeg4", "mpeg2video") and container != "flv"
    b_frames = random.choice((0, 0, 1, 2, 3)) if reorders else 0
    stamps: Stamps = "even"
    clock: Clock = "steady"
    video_start, sound_start, sync, cut = 0, Fraction(0), Fraction(0), Fraction(0)
    free = container in _ANY_TIMES and video not in ("mpeg1video", "mpeg2video")
    oddity = random.randint(0, 3)
    if oddity == 0 and free:
        stamps = random.choice(("late", "two rates", "dropped"))
        if container == "mov" and b_frames == 0 and stamps == "late" and random.random() < 0.5:
            stamps = "double"
    if not file:
        if oddity == 1 and container in _OWN_CLOCK:
            clock = random.choice(("drift", "jump"))
        if oddity == 2 and container in _CUT and video in ("libx264", "mpeg4", "libx265"):
            cut = Fraction(random.randint(30, 120), 100)
            b_frames = b_frames if container in ("mp4", "mov") else 0  # else packets lack the times by which it is cut
        elif container in _ANY_START and random.random() < 0.5:
            video_start = random.randint(0, int(rate * 2 // 5))
            sound_start = Fraction(random.randint(0, 400), 1000)
    else:
        video_start = random.choice((0, 0, int(rate // 3))) if container in _ANY_START else 0
        sync = Fraction(random.choice((0, 0, 0, 137, 500, -200)), 1000)
    return Plan(
        container,
        video,
        sound,
        file,
        rate,
        max(30, round(seconds * rate)),
        random.choice(sound_rates),
        2 if sound == "vorbis" else random.choice((1, 1, 2)),
        b_frames,
        random.choice((1, 12, 250)) if b_frames == 0 and container != "mxf" else 12,
        video_start,
        sound_start,
        sync,
        stamps,
        clock,
        cut,
        container == "avi" and not file and random.random() < 0.25,
        random.choice(SPELLINGS) if not cut and random.randint(0, 2) == 0 else "",
        random.randint(0, 10**6),
    )
