"""Frames on their way, and the ways in which they can be missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from numpy.typing import NDArray


class Missing(Enum):
    """Why there is no frame."""

    LOST = auto()
    """The next one has come: what lies between can be interpolated."""
    LATE = auto()
    """Nothing has come since: the last one is held."""


@dataclass(frozen=True)
class SourceFrame:
    """A frame as it came.

    Attributes:
        pixels: gray values (h, w), uint8 or uint16.
        number: by the source's own count, or None where it does not count.
        arrived: seconds of the monotonic clock.
    """

    pixels: NDArray[Any]
    number: int | None
    arrived: float


@dataclass(frozen=True)
class Slot:
    """A place on a clock of frames.

    Attributes:
        frame: gray values (h, w), or why there are none.
        arrived: when it was known, seconds of the monotonic clock.
    """

    frame: NDArray[Any] | Missing
    arrived: float
