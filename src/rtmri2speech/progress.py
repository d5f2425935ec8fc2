"""Progress of long work, reported to whoever waits for it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of one call; the command line shows it as a bar.

    Functions that take a while have a keyword ``progress: Progress = SILENT`` and count in the unit that their
    docstring names (frames, recordings, utterances).
    """

    def expect(self, count: int) -> None:
        """Add ``count`` to the total."""
        ...

    def advance(self, count: int = 1) -> None:
        """``count`` more are done."""
        ...

    def describe(self, title: str) -> None:
        """What is being worked on from here on."""
        ...


class Silent:
    """Progress that nobody watches."""

    def expect(self, count: int) -> None:
        """Nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""

    def describe(self, title: str) -> None:
        """Nothing."""


SILENT = Silent()
"""The default of every ``progress`` argument."""
