"""What a sink of sound is."""

from __future__ import annotations

from typing import Protocol

from rtmri2speech.arrays import Float32


class Sink(Protocol):
    """Takes sound as it is made.

    Attributes:
        name: for messages.
    """

    name: str

    def write(self, wave: Float32) -> None:
        """The next samples (n,), amplitude -1 to 1; returns at once.

        Raises:
            UserError: when they cannot be written.
        """
        ...

    def waiting(self) -> float:
        """Seconds until what is written next will be heard."""
        ...

    def close(self) -> list[str]:
        """Play or write to the end; remarks, a line each."""
        ...
