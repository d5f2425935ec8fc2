"""From the channels of a recording to one: the mean where they are one sound, else the channel with speech.

Recordings in the scanner often hold speech in one channel and the scanner's noise, or nothing, in the other; the
mean of the two would be worth less than either.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.media.streams import Channel, Note
from rtmri2speech.errors import MediaError

# Channels are one sound from this correlation on: what differs is then 10 dB below what they share.
_SAME = 0.95

# Loudness below some 4 kHz: samples per second, samples in a moment, moments in a piece of 20 ms; and the rates at
# which syllables come.
_RATE = 8000
_MOMENT = 8
_MOMENTS = 20
_SYLLABLES = (2.0, 10.0)
# Stevens' power law for loudness; a quiet word counts next to a loud one.
_EXPONENT = 0.3
# Loudness below which a channel counts as empty: some 65 dB below full scale.
_QUIET = 0.1

_BLOCK = 1 << 20


class Mono(NamedTuple):
    """One channel of a recording.

    Attributes:
        samples: shape (N,), float32.
        used: which of the channels that is: ``1``, ``mean of 2``, ``left of 2``, ``3 of 4``.
        notes: what was decided.
    """

    samples: Float32
    used: str
    notes: list[Note]


def to_mono(path: Path, samples: Float32, rate: int, channel: Channel | None) -> Mono:
    """One channel of a recording, and what was decided.

    Args:
        path: named in messages.
        samples: shape (N, C), float32.
        rate: samples per second.
        channel: the one to take; None decides.

    Raises:
        MediaError: when there is no such channel.
    """
    count = samples.shape[1]
    if channel is not None and channel != "mix":
        number = {"left": 1, "right": 2}.get(channel, channel) if isinstance(channel, str) else channel
        assert isinstance(number, int)
        if number > count:
            raise MediaError(
                f"{path}: `channel={channel}`: the sound has {count} channel(s).",
                "They are counted from 1: `channel=1`",
            )
        return _one(samples, number - 1, [])
    if channel == "mix" or count == 1 or (likeness := _likeness(samples)).min() >= _SAME:
        return Mono(samples.mean(axis=1, dtype=np.float32), f"mean of {count}" if count > 1 else "1", [])
    if np.abs(likeness).min() >= _SAME:
        problem = "the channels are one sound in opposite polarity, so their mean would be silence; channel 1 is used"
        return _one(samples, 0, [(problem, "To take another: `channel=2`")])
    found = int(np.argmax([speech_in(samples[:, one], rate) for one in range(count)]))
    name = _name(found, count)
    other = {"left": "right", "right": "left"}.get(name, "1")
    problem = (
        f"the {count} channels differ; {f'the {name} one' if count == 2 else f'channel {name}'} is used, "
        "which changes most like speech"
    )
    remedy = f"To take another, or the mean: `channel={other}`, `channel=mix`"
    return _one(samples, found, [(problem, remedy)])


def _one(samples: Float32, index: int, notes: list[Note]) -> Mono:
    count = samples.shape[1]
    used = f"{_name(index, count)} of {count}" if count > 1 else "1"
    return Mono(np.ascontiguousarray(samples[:, index]), used, notes)


def _name(index: int, count: int) -> str:
    return ("left", "right")[index] if count == 2 else str(index + 1)


def _likeness(samples: Float32) -> Float64:
    """Correlation of every channel with the first, without their constant parts; 0 where one is constant."""
    count, channels = samples.shape
    mean = samples.mean(axis=0, dtype=np.float64)
    products = np.zeros((channels, channels))
    for start in range(0, count, _BLOCK):
        block = samples[start : start + _BLOCK] - mean
        products += block.T @ block
    power = np.diag(products)
    scale = np.sqrt(power[0] * power)
    return np.asarray(np.divide(products[0], scale, out=np.zeros(channels), where=scale > 0))


def speech_in(samples: Float32, rate: int) -> float:
    """How much a channel (N,) changes like speech: 0 for silence and steady noise, some 0.2 for a clean voice.

    Of the changes of its loudness those at the rates of syllables, compared with the mean: speech has its strongest
    modulation at 3 to 5 Hz (Houtgast and Steeneken, J. Acoust. Soc. Am. 77, 1985), a fan or a scanner has it at 0 or
    at the rate of its pulses. Loudness is averaged over moments of 1 ms, so clicks and trigger pulses count little.
    """
    few = max(1, round(rate / _RATE))
    size = _MOMENT * _MOMENTS * few
    count = len(samples) // size
    if count < 2:
        return float(np.abs(np.diff(samples)).mean()) if len(samples) > 1 else 0.0
    loudness = np.empty(count)
    step = max(1, _BLOCK // size)
    for start in range(0, count, step):
        block = samples[start * size : min(count, start + step) * size].reshape(-1, few).mean(axis=1)
        # The difference takes away what is constant, and most of the hum.
        power = np.square(np.diff(block, prepend=block[:1])).reshape(-1, _MOMENTS, _MOMENT).mean(axis=2)
        loudness[start : start + len(power)] = (power ** (_EXPONENT / 2)).mean(axis=1)
    mean = float(loudness.mean())
    spectrum = np.abs(np.fft.rfft(loudness - mean)) / count
    rates = np.fft.rfftfreq(count, size / rate)
    syllables = (rates >= _SYLLABLES[0]) & (rates <= _SYLLABLES[1])
    if not syllables.any():  # too short to have any
        return mean
    return float(np.sqrt(2 * np.square(spectrum[syllables]).sum())) / (mean + _QUIET)
