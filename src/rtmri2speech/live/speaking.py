"""Features to sound on a thread of its own, in the order of the frames."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.inference.requirements import require_numbers
from rtmri2speech.live.bridging import Bridge, Filled
from rtmri2speech.live.frames import Missing
from rtmri2speech.live.report import LiveReport
from rtmri2speech.live.sinks.base import Sink
from rtmri2speech.live.streaming.speech import SpeechStream

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

# Frames that have come and are not yet sound, beyond those that two cores work on: then the sound is behind.
_BEHIND = 4

_Entry = tuple[Future[Tensor] | Missing, float]


def sound_threads() -> int:
    """How many of PyTorch's threads make sound.

    The others are the encoder's, which works meanwhile. Two threads that wait for each other on a few frames take half
    as much computing again as one, and no less time: 128 ms against 89 of two cores, for 9 frames.
    """
    return max(torch.get_num_threads() // 2, 1)


class Speaker:
    """Waits for each frame's features, bridges what is missing, and writes the sound that they make.

    Args:
        stream: the networks.
        sinks: for the sound.
        model: whose networks they are.
        report: gets counts and latencies.
        tell: gets a line per second of sound.
    """

    def __init__(
        self,
        stream: SpeechStream,
        sinks: Sequence[Sink],
        model: Model,
        report: LiveReport,
        tell: Callable[[str], None],
    ) -> None:
        self._stream, self._sinks, self._report, self._tell = stream, sinks, report, tell
        self._source, self._hop = model.bundle.source, model.features.hop_length
        self._rate = model.features.sample_rate
        self._bridge = Bridge()
        self._entries: queue.Queue[_Entry | None] = queue.Queue()
        self._arrived: deque[float | None] = deque()
        self._error: Exception | None = None
        self._told = 0
        self._threads = sound_threads()
        self._thread = threading.Thread(target=self._work, name="sound", daemon=True)

    @property
    def waiting(self) -> int:
        """Frames that are not yet sound."""
        return self._entries.qsize()

    def frame(self, features: Future[Tensor], arrived: float) -> None:
        """The next frame, and when it came."""
        self._entries.put((features, arrived))

    def missing(self, why: Missing, arrived: float) -> None:
        """The next frame is not there."""
        self._entries.put((why, arrived))

    def check(self) -> None:
        """Raise what has gone wrong on the other thread.

        Raises:
            BundleError: when the model makes values that are not numbers.
            UserError: when a sink cannot be written.
        """
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._entries.put(None)
        self._thread.join()
        if error is None:
            self.check()

    def _work(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            while (entry := self._entries.get()) is not None:
                found, arrived = entry
                known = not isinstance(found, Missing)
                self._arrived.append(arrived if known else None)
                filled = self._bridge.known(found.result()) if known else self._bridge.missing(found)  # type: ignore[union-attr, arg-type]
                self._push(filled, more=self.waiting >= _BEHIND)
            self._push(self._bridge.finish())
            self._write(self._stream.finish())
        except Exception as error:
            self._error = error

    @torch.inference_mode()
    def _push(self, filled: Iterable[Filled], more: bool = False) -> None:
        for features, quieter_db in filled:
            self._report.frames += 1
            self._write(self._stream.push(features, quieter_db, more))

    def _write(self, pieces: Iterable[Float32]) -> None:
        for wave in pieces:
            require_numbers(wave, self._source, "these frames")
            now = time.monotonic()
            waits = max((sink.waiting() for sink in self._sinks), default=0.0)
            for sink in self._sinks:
                sink.write(wave)
            came = [self._arrived.popleft() for _ in range(min(len(wave) // self._hop, len(self._arrived)))]
            # A frame that never came has no latency.
            if came and came[0] is not None:
                self._report.latencies.append(now - came[0] + waits)
            self._report.seconds += len(wave) / self._rate
            self._count_seconds()

    def _count_seconds(self) -> None:
        if int(self._report.seconds) > self._told:
            self._told = int(self._report.seconds)
            latest = 1e3 * self._report.latencies[-1] if self._report.latencies else float("nan")
            skipped = self._report.skipped
            self._tell(f"{self._report.seconds:.1f} s of sound, latency {latest:.0f} ms, {skipped} frames skipped")
