"""What a source of frames is, and the time it keeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.live.frames import SourceFrame

Gray = NDArray[np.uint8] | NDArray[np.uint16]


class Source(Protocol):
    """Frames as they come.

    Attributes:
        name: for messages.
        notes: remarks, a line each, that may grow while frames are read.
    """

    name: str
    notes: list[str]

    def open(self) -> Fraction | None:
        """Wait for the source to be there; its frames per second, or None where it does not say.

        Raises:
            UserError: when it cannot be read.
        """
        ...

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The frames in order, each when it has come, until the source ends.

        Args:
            rate: frames per second.

        Raises:
            UserError: when something comes that is no frame.
        """
        ...

    def close(self) -> None:
        """End it from another thread; whoever waits for a frame is let go where the system allows that."""
        ...


class Pace:
    """Holds frames back that come faster than they were taken.

    A file can be read as fast as the disk allows, and so can what another program writes. The sound would run ahead.

    Args:
        rate: frames per second.
        lead: frames by which one may be early.
        stop: set to end the waiting.
    """

    def __init__(self, rate: Fraction, lead: float, stop: threading.Event) -> None:
        self._step, self._lead, self._stop = float(1 / rate), lead, stop
        self._start: float | None = None
        self._count = 0

    def frame(self, pixels: Gray, number: int | None = None, place: int | None = None) -> SourceFrame:
        """A frame that is there, when it is time.

        Args:
            pixels: gray values (h, w).
            number: its own.
            place: of it in time, counted in frames; by default the next one.
        """
        place = self._count if place is None else place
        self._count = place + 1
        now = time.monotonic()
        if self._start is None:
            self._start = now - place * self._step
        early = self._start + place * self._step - now
        if early > self._lead * self._step:
            self._stop.wait(early - self._lead * self._step)
        elif early > 0:
            # A source whose clock is a little fast is not held back more and more.
            self._start -= min(early, 0.005 * self._step)
        return SourceFrame(pixels, number, time.monotonic())
