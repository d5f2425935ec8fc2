"""A source read on a thread of its own."""

from __future__ import annotations

import queue
import threading
from fractions import Fraction
from types import TracebackType
from typing import Self

from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Source

# Frames that may wait to be looked at: a pipe that is not read stops whoever writes.
_MOST = 64


class Reader:
    """A source's frames, to be taken one after the other without waiting longer than one wants.

    Args:
        source: closed when the context ends.

    Attributes:
        name, notes: of the source; and what the rate is taken from where it does not say.
        rate: frames per second, known with the first frame.
        ended: whether no more frames come.
    """

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.rate = Fraction(0)
        self.ended = False
        self._source = source
        self._own_notes: list[str] = []
        self._queue: queue.Queue[SourceFrame | BaseException | None] = queue.Queue(_MOST)
        self._closed = threading.Event()

    @property
    def notes(self) -> list[str]:
        """Remarks, a line each."""
        return [*self._own_notes, *self._source.notes]

    def start(self, given: Fraction | None, usual: Fraction) -> None:
        """Begin to read.

        Args:
            given: frames per second, whatever the source says.
            usual: where neither says.
        """
        # A daemon: a thread that waits for a pipe cannot be woken, and must not keep the program.
        threading.Thread(target=self._read, args=(given, usual), name="frames", daemon=True).start()

    def next(self, timeout: float) -> SourceFrame | None:
        """The next frame; None where none comes in so many seconds, or :attr:`ended`.

        Raises:
            UserError: what the source has raised.
        """
        if self.ended:
            return None
        try:
            found = self._queue.get(timeout=timeout) if timeout > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            self.ended = True
            raise found
        self.ended = found is None
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closed.set()
        self._source.close()

    def _read(self, given: Fraction | None, usual: Fraction) -> None:
        try:
            stated = self._source.open()
            self.rate = given or stated or usual
            if given is None and stated is None:
                self._own_notes.append(
                    f"{self.name}: does not say how many frames it has per second; {float(usual):.2f} are taken, "
                    "as the model has (`fps` says otherwise)"
                )
            for frame in self._source.frames(self.rate):
                self._put(frame)
                if self._closed.is_set():
                    return
            self._put(None)
        except Exception as error:
            # What goes wrong because the run has ended is no error; anything else is the caller's to know.
            if not self._closed.is_set():
                self._put(error)

    def _put(self, item: SourceFrame | BaseException | None) -> None:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return
            except queue.Full:
                continue
