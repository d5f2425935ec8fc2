"""Frame rates as people give them, read exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias, overload

from rtmri2speech.errors import ConfigError

FrameRate: TypeAlias = Fraction | float | str
"""Frames per second: a number, or text such as ``27.17`` or ``625/23``."""

# No video has more frames per second.
_FASTEST = 100_000


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
    try:
        rate = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate < _FASTEST:
        raise ConfigError(f"`{name}={value}`: not a frame rate.", "Give frames per second: 27.17 or 625/23.")
    return rate
