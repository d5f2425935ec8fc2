"""Mel spectrogram to wave while it comes: the vocoder in chunks that join without seams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from rtmri2speech.arrays import Float32


class Vocode(Protocol):
    """A vocoder that is given one window after the other."""

    def __call__(self, mel_db: Float32, before: int, count: int, /) -> Float32:
        """Mel (T, M), dB, to wave (T * hop,); after so many frames of context come so many new ones."""


class WaveStream:
    """A vocoder on windows of a mel spectrogram: ``chunk`` frames with frames of context on both sides.

    A sample of the default vocoder depends on 11 frames on either side (``VocoderConfig.context_frames``). With as
    many given, the wave is the same as that of the whole mel; with fewer, windows differ a little where they meet. So
    each window is vocoded for one frame more than its chunk, and the next one fades in over it: no sample jumps. With a
    harmonic source the phase of the voice goes on from window to window, and F0 of a frame depends on 4 frames more.

    Args:
        vocode: makes the wave of a window.
        hop: samples per frame.
        chunk: frames per window that are new, at least 1.
        look_ahead: frames after them, at least 1.
        context: frames before them, at least 0.
        most: frames per window that are new where as many have come; ``chunk`` if None.

    Attributes:
        chunk, look_ahead, most: as given.
        done: frames whose wave was made.
    """

    def __init__(
        self, vocode: Vocode, hop: int, chunk: int, look_ahead: int, context: int, most: int | None = None
    ) -> None:
        if chunk < 1 or look_ahead < 1 or context < 0:
            raise ValueError(f"no window of {context} + {chunk} + {look_ahead} frames")
        self.chunk, self.look_ahead, self.most = chunk, look_ahead, most or chunk
        self.done = 0
        self._vocode, self._hop, self._context = vocode, hop, context
        self._mel: list[Float32] = []  # rows from frame self._first on
        self._first = 0
        self._tail: Float32 | None = None
        ramp = (np.arange(hop) + 0.5) / hop
        self._fade_in = (0.5 - 0.5 * np.cos(np.pi * ramp)).astype(np.float32)

    @property
    def end(self) -> int:
        """Frames, counted from the start, that have come."""
        return self._first + len(self._mel)

    @property
    def wanted(self) -> int:
        """Frames, counted from the start, that must have come for the next chunk."""
        return self.done + self.chunk + self.look_ahead

    def push(self, mel_db: Float32) -> Iterator[Float32]:
        """The waves (chunk * hop,), or of larger chunks, that the next rows (n, M) complete."""
        self._mel.extend(mel_db)
        while self.end >= self.wanted:
            yield self._next(self._size())

    def finish(self) -> Iterator[Float32]:
        """The waves of what is left; no more rows come."""
        while self.done < self.end:
            yield self._next(min(self.chunk, self.end - self.done))

    def _size(self) -> int:
        """Frames of the next chunk: doubled as far as they have come, so that windows are of few lengths.

        Some backends compile a network anew for each length, which takes as long as a second of sound.
        """
        size, there = self.chunk, min(self.end - self.look_ahead - self.done, self.most)
        while 2 * size <= there and self.done >= self._context:
            size *= 2
        return size

    def _next(self, count: int) -> Float32:
        start, stop = self.done, self.done + count
        rows = self._mel[: stop + self.look_ahead - self._first]
        wave = self._vocode(np.stack(rows), start - self._first, count)
        made = wave[(start - self._first) * self._hop : (stop - self._first) * self._hop].copy()
        if self._tail is not None:
            made[: self._hop] += (self._tail - made[: self._hop]) * (1 - self._fade_in)
        after = (stop - self._first) * self._hop
        self._tail = wave[after : after + self._hop] if len(wave) > after else None
        self.done = stop
        gone = max(stop - self._context - self._first, 0)
        del self._mel[:gone]
        self._first += gone
        return made
