"""Raw frames from standard input or a named pipe."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from rtmri2speech.errors import MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Pace
from rtmri2speech.live.sources.raw import RawReader

LEAD = 2.0
"""Frames by which what another program sends may be early."""


class PipeSource:
    """A pipe of raw frames.

    Args:
        path: of a named pipe, or of a file of the same format; None for standard input.
    """

    def __init__(self, path: Path | None) -> None:
        self.name = "standard input" if path is None else str(path)
        self.notes: list[str] = []
        self._path = path
        self._stop = threading.Event()
        self._file: io.FileIO | None = None
        self._reader: RawReader | None = None

    def open(self) -> Fraction | None:
        """Wait for whoever writes; the rate of the header.

        Raises:
            MediaError: when it cannot be opened, or does not start with a header.
        """
        try:
            # Without a buffer: its lock would be held by a thread that waits when the program ends.
            self._file = io.FileIO(sys.stdin.fileno(), closefd=False) if self._path is None else io.FileIO(self._path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise MediaError(f"{self.name}: cannot be read ({reason}).", "Check its name and rights.") from None
        self._reader = RawReader(self.name, self._file)
        return self._reader.start()

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The frames as they come."""
        assert self._reader is not None
        yield from self._reader.frames(Pace(rate, LEAD, self._stop), self.notes)

    def close(self) -> None:
        """No more is waited for; who waits in the system keeps waiting, and ends with the program."""
        self._stop.set()
        if self._file is not None and self._path is not None:
            with suppress(OSError):
                self._file.close()
