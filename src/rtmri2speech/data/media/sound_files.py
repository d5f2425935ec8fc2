"""What a sound file promises: its length, the resolution of its format, the scale of its values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.media.streams import Note
from rtmri2speech.data.media.timestamps import tagged_duration
from rtmri2speech.errors import MediaError

# Bits of libsndfile's subtypes and FFmpeg's sample formats; what is not named is lossy, and no better than 16 bits.
_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_24": 24, "PCM_32": 24, "FLOAT": 24, "DOUBLE": 24, "u8": 8, "u8p": 8}
_BITS |= {"s32": 24, "s32p": 24, "flt": 24, "fltp": 24, "dbl": 24, "dblp": 24}
_FLOAT_SUBTYPES = ("FLOAT", "DOUBLE")

# Bytes per sample where the length of a file is its number of samples.
_BYTES = {"PCM_U8": 1, "PCM_S8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8, "ULAW": 1}
# libsndfile's protocol of the header: the samples' chunk in WAV and RF64, W64, AIFF, AU; its bytes that are no samples.
_LENGTH = re.compile(r"^\s*(data|Data [Ss]ize|SSND)\s*:\s*(\d+)", re.MULTILINE)
_HEAD = {"W64": 24, "AIFF": 8}
_NIST_LENGTH = re.compile(rb"sample_count -i (\d+)")
# Lengths from here on stand for "not known", as programs write them that cannot go back to the header.
_UNKNOWN = 0x7FFFF000
_MISSING_SECONDS = 0.01
_PADDING_SECONDS = 0.25

# Amplitudes from here on are no overshoot of a sound between -1 and 1.
_NO_AMPLITUDE = 16.0
# Integers are allowed this: nobody writes -2, -1, 0, 1, 2 and nothing between for a sound between -1 and 1.
_NO_INTEGERS = 2.0
# Interpolation overshoots full scale.
_OVERSHOOT = 1.2


def resolution(subtype: str) -> float:
    """One step of a format, where full scale is 1.

    Args:
        subtype: libsndfile's, or a sample format of FFmpeg.
    """
    return float(2.0 ** (1 - _BITS.get(subtype, 16)))


def is_float(subtype: str) -> bool:
    """Whether libsndfile's subtype stores floating point numbers."""
    return subtype in _FLOAT_SUBTYPES


def refuse_cut_short(
    path: Path, kind: str, subtype: str, channels: int, rate: int, announced: int, count: int, log: str
) -> None:
    """Refuse a file that holds less than its header says.

    Args:
        path: the file.
        kind, subtype: of libsndfile, as ``WAV`` and ``PCM_16``.
        channels: number of channels.
        rate: samples per second.
        announced: samples per channel by libsndfile, which shortens those of WAV to the file.
        count: samples per channel that could be read.
        log: libsndfile's protocol of the header.

    Raises:
        MediaError: when more than a hundredth of a second is missing.
    """
    width = channels * _BYTES.get(subtype, 0)
    for match in _LENGTH.finditer(log) if width else ():
        size = int(match[2]) - _HEAD.get(kind, 0)
        if size < _UNKNOWN:
            announced = max(announced, size // width)
    if kind == "NIST":
        with path.open("rb") as file:
            stated = _NIST_LENGTH.search(file.read(1024))
        announced = int(stated[1]) if stated else announced
    # Decoders of lossy sound drop some of the padding.
    if announced - count > (_MISSING_SECONDS if width else _PADDING_SECONDS) * rate:
        raise MediaError(
            f"{path}: cut short: {announced / rate:.2f} s announced, {count / rate:.2f} s there.",
            "Copy or export the file again.",
        )


def announced_end(container: Any, stream: Any) -> float | None:
    """Seconds on a container's clock at which a sound track ends by its header; None where the header does not say.

    Other containers than these are guessed at by FFmpeg, from the size of the file.
    """
    if "matroska" in container.format.name:
        return tagged_duration(stream.metadata)
    if "mp4" not in container.format.name or stream.duration is None:
        return None
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)


def refuse_short_track(path: Path, announced: float | None, end: float) -> None:
    """Refuse a sound track that ends before its header says.

    Args:
        path: the file.
        announced: from :func:`announced_end`, seconds.
        end: of what could be decoded, seconds on the same clock.

    Raises:
        MediaError: when more is missing than a codec's padding.
    """
    if announced is not None and announced - end > _PADDING_SECONDS:
        raise MediaError(
            f"{path}: cut short: the sound track ends at {end:.2f} s, and should at {announced:.2f} s.",
            "Copy or export the file again.",
        )


def to_amplitude(path: Path, samples: Float32) -> tuple[Float32, list[Note]]:
    """Floating point samples between -1 and 1, and what was decided: MATLAB and SciPy write integers as they are.

    Args:
        path: named in messages.
        samples: any shape, float32.

    Raises:
        MediaError: when they are on no scale that is known.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= _NO_INTEGERS:
        return samples, []
    integers = bool(np.array_equal(samples, np.rint(samples)))
    if not integers and peak <= _NO_AMPLITUDE:
        return samples, []
    if integers and samples.min() >= 0 and peak < 256 and 64 < samples.mean() < 192:
        return _scaled(samples - np.float32(128), 8, peak)
    for bits in (16, 24, 32):
        if peak <= 2.0 ** (bits - 1) * (1.0 if integers else _OVERSHOOT):
            return _scaled(samples, bits, peak)
    raise MediaError(
        f"{path}: floating point samples of up to {peak:.3g}, which are on no scale of sound.",
        "Divide them by full scale, so that they lie between -1 and 1, and export them again.",
    )


def _scaled(samples: Float32, bits: int, peak: float) -> tuple[Float32, list[Note]]:
    note = (
        f"floating point samples of up to {peak:.0f} are on the scale of {bits}-bit integers; "
        f"they are divided by {2 ** (bits - 1)}",
        "If that is too loud or too soft, divide them by full scale yourself and export them again.",
    )
    return (samples / np.float32(2.0 ** (bits - 1))).astype(np.float32), [note]
