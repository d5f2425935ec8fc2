"""Frame rates as people give them, read exactly."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TypeAlias, overload

from rtmri2speech.errors import ConfigError

FrameRate: TypeAlias = Fraction | float | str
"""Frames per second: a number, or text such as ``27.17`` or ``625/23``."""

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
