"""Frame rates as people give them, read exactly, and the clock of sound that belongs to one."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import Final, Literal, TypeAlias, overload

import numpy as np

from rtmri2speech.errors import ConfigError
from rtmri2speech.signal import defaults
from rtmri2speech.signal.features import FeatureConfig

FrameRate: TypeAlias = Fraction | float | str
"""Frames per second: a number, or text such as ``27.17`` or ``625/23``."""

NATIVE: Final = "native"
"""The frame rate of the recordings themselves."""

SLOWEST, QUICKEST = 2, 400
"""Frames per second of a dataset's clock: those of scanners, with room on both sides."""

_REMEDY = (
    "Give the scanner's frames per second, such as 83.278 or 625/23, or the recordings' own: `frame_rate='native'`"
)

# Within which factor of the sampling rate that was asked for one is looked for, and with which relative error of the
# clock, until there is one. Retiming takes 1e-5 for the same rate; what is left is for the rates that files state.
_SEARCHES = (
    (Fraction(5, 4), Fraction(5, 1_000_000)),
    (Fraction(5, 4), Fraction(9, 1_000_000)),
    (Fraction(2), Fraction(9, 1_000_000)),
)
# Prime factors of a hop, and the largest factor of one upsampling.
_PRIMES, _LARGEST_FACTOR = (2, 3, 5, 7, 11), 12
# Numbers of upsamplings, the best first: as many as the shipped vocoder has, so that it can be adapted.
_STAGES = (4, 5, 6, 3, 2, 1)
# Shortest window of a chosen clock in seconds: in less, the harmonics of a voice run together.
_SHORTEST_WINDOW = 0.04
# Lines of the transform between the centers of two mel bands, at least.
_LINES_PER_BAND = 3

# No video has more frames per second.
_FASTEST = 100_000
# Letters of a rate, such as 11413.000000000001/420.
_LONGEST = 100
_LARGE_POWER = re.compile(r"[eE][+-]?0*[1-9][0-9_]{2,}")


@overload
def frame_rate(value: FrameRate, *, name: str = "fps") -> Fraction: ...
@overload
def frame_rate(value: FrameRate | None, *, name: str = "fps") -> Fraction | None: ...
def frame_rate(value: FrameRate | None, *, name: str = "fps") -> Fraction | None:
    """Frames per second as a fraction; decimals count as they are written, so that 27.17 is 2717/100.

    Args:
        value: the rate; None, where it is the file's own, stays None.
        name: of the parameter, for messages.

    Raises:
        ConfigError: when it is no number above 0, or more than any video has.
    """
    if value is None:
        return None
    rate = exact_rate(value)
    if rate is None:
        raise ConfigError(f"`{name}={value}`: not a frame rate.", "Give frames per second: 27.17 or 625/23.")
    return rate


def exact_rate(value: object) -> Fraction | None:
    """A frame rate as files and people write it, exactly; None where it is none.

    Powers of ten are short: 1e999999999 is a number that no computer can write down.
    """
    if not isinstance(value, Fraction) and (len(text := str(value)) > _LONGEST or _LARGE_POWER.search(text)):
        return None
    try:
        rate = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None
    return rate if 0 < rate < _FASTEST else None


def clock_rate(value: FrameRate | None, *, name: str = "frame_rate") -> Fraction | Literal["native"] | None:
    """Frame rate of a dataset: :data:`NATIVE`, frames per second, or None for the sampling rate and hop as given.

    A decimal number that is the reference configuration's rate as far as it is written (27.17 is) stands for that.

    Args:
        value: as people give it.
        name: of the parameter, for messages.

    Raises:
        ConfigError: when it is no frame rate, or none that a scanner has.
    """
    if value is None or value == NATIVE:
        return None if value is None else NATIVE
    rate = exact_rate(value)
    if rate is None:
        raise ConfigError(f"`{name}={value}`: not a frame rate.", _REMEDY)
    if not SLOWEST <= rate <= QUICKEST:
        raise ConfigError(f"`{name}={value}`: not from {SLOWEST} to {QUICKEST} frames per second.", _REMEDY)
    reference = FeatureConfig().frame_rate
    digits = len(str(value).partition(".")[2])
    return reference if digits > 1 and rate == round(reference, digits) else rate


def features_at(rate: Fraction, base: FeatureConfig) -> FeatureConfig:
    """The mel spectrogram whose frames are those of a video of ``rate`` frames per second.

    A definition of this rate stays as it is. Otherwise the hop length is a number of samples that upsamplings of
    small factors make (:func:`upsampling`), four of them where there is such a number, and the sampling rate the whole
    number of hertz next to ``base.sample_rate`` at which the clock is exact to 5 in a million: 83.278 frames per second
    become 144 samples at 11992 Hz. Where there is none, the error may be 9 in a million, and the sampling rate up to
    twice or half of the wish. The window is as many frames long as in the reference configuration (4.9), but not
    longer than ``base.win_length`` nor shorter than 40 ms or two frames; the transform is the next power of two that
    has three lines between neighboring mel bands.

    Args:
        rate: frames per second.
        base: everything else, and the sampling rate that is wished for.

    Raises:
        ConfigError: when there is no such sampling rate near, or ``base`` has an ``fmax`` above its half.
    """
    from rtmri2speech.signal.retiming import SAME_RATE_TOLERANCE

    if abs(base.frame_rate / rate - 1) < SAME_RATE_TOLERANCE:
        return base
    sample_rate, hop = _clock(rate, base.sample_rate)
    window = min(round(hop * defaults.WIN_LENGTH / defaults.HOP_LENGTH), base.win_length)
    window = max(window, 2 * hop, round(_SHORTEST_WINDOW * sample_rate))
    wished = {**base.model_dump(), "sample_rate": sample_rate, "hop_length": hop, "win_length": window}
    n_fft = 1 << (window - 1).bit_length()
    made = FeatureConfig.parse({**wished, "n_fft": n_fft}, "frame_rate")
    lines = float(np.diff(made.mel_edges()).min()) / _LINES_PER_BAND
    while sample_rate / n_fft > lines and n_fft < 1 << 16:
        n_fft *= 2
    return made.model_copy(update={"n_fft": n_fft})


def window_at(features: FeatureConfig) -> int:
    """Frames of a window that lasts as long as the reference configuration's: 4 at 27.17 per second, 12 at 83.28.

    Args:
        features: with the frame rate.
    """
    return round(defaults.REF_FRAMES * features.frame_rate / FeatureConfig().frame_rate) or 1


def clock_in_words(features: FeatureConfig) -> str:
    """``83.27778 frames per second (144 samples per frame at 11992 Hz)``."""
    rate = f"{float(features.frame_rate):.7g}"
    return f"{rate} frames per second ({features.hop_length} samples per frame at {features.sample_rate} Hz)"


@functools.lru_cache(maxsize=64)
def _clock(rate: Fraction, wish: int) -> tuple[int, int]:
    """Sampling rate and hop length."""
    for near, error in _SEARCHES:
        found: list[tuple[bool, int, int, int]] = []
        for hop in range(max(1, int(wish / near / rate)), int(wish * near / rate) + 2):
            sample_rate = round(rate * hop)
            if abs(Fraction(sample_rate, hop) / rate - 1) < error and (factors := upsampling(hop)) is not None:
                found.append((len(factors) != _STAGES[0], abs(sample_rate - wish), sample_rate, hop))
        if found:
            return min(found)[2:]
    raise ConfigError(
        f"`frame_rate`: at {float(rate):.7g} frames per second, no sampling rate near {wish} Hz has a whole number of "
        "samples per frame that is a product of small factors.",
        f"Give a rate near it, which the frames are then moved to: `frame_rate={round(rate)}`",
    )


@functools.lru_cache(maxsize=1024)
def upsampling(hop: int) -> tuple[int, ...] | None:
    """Factors that a vocoder can upsample frames to samples by, the largest first: 144 gives (4, 4, 3, 3).

    Four factors of 2 to 12, as alike as there are; more or fewer where four do not make the hop. None for a hop
    with a prime factor above 11.
    """
    rest = hop
    for prime in _PRIMES:
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        return None
    for stages in _STAGES:
        if found := list(_products(hop, stages, _LARGEST_FACTOR)):
            return min(found)
    return None


def _products(value: int, count: int, most: int) -> list[tuple[int, ...]]:
    """Falling factors, ``count`` of 2 to ``most``, whose product is ``value``."""
    if count == 1:
        return [(value,)] if 2 <= value <= most else []
    return [
        (first, *others)
        for first in range(2, most + 1)
        if value % first == 0
        for others in _products(value // first, count - 1, first)
    ]


def upsampling_kernels(factors: tuple[int, ...]) -> tuple[int, ...]:
    """Kernels of upsamplings by some factors, as the reference configuration has them: twice the factor, or 1 more.

    A kernel has to exceed its factor by an even number.
    """
    return tuple(2 * factor + factor % 2 for factor in factors)
