"""What benchmarks share: a clock between two steps, a batch over and over, and a clock of functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback


class Clock(Callback):
    """Times the steps from ``first`` to ``last``, and samples how busy the GPU is meanwhile."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.frames = self.segments = self.steps = 0
        self.seconds = 0.0
        self.busy: list[int] = []
        self._began = 0.0
        self._stop = threading.Event()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        step = pl_module.optimizer_steps
        if self.first < step <= self.last:
            self.steps += 1
            self.frames += pl_module.frames_in(batch)
            self.segments += len(batch["frames"] if isinstance(batch, dict) else batch[0])
        if step == self.first:
            wait()
            self._began = time.perf_counter()
            if torch.cuda.is_available():
                threading.Thread(target=self._sample, daemon=True).start()
        elif step == self.last:
            wait()
            self.seconds = time.perf_counter() - self._began
            self._stop.set()
            trainer.should_stop = True

    def _sample(self) -> None:
        while not self._stop.wait(0.1):
            self.busy.append(torch.cuda.utilization())


class Repeated:
    """One batch over and over."""

    def __init__(self, batch: Any, count: int) -> None:
        self.batch, self.count = batch, count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        return iter([self.batch] * self.count)


def wait() -> None:
    """For the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def clocked(
    function: Callable[..., Any], name: str, spent: dict[str, float], clock: Callable[[], float] = time.perf_counter
) -> Callable[..., Any]:
    """The function; what it takes by the clock is added to ``spent[name]``."""

    def wrapper(*arguments: Any, **more: Any) -> Any:
        began = clock()
        try:
            return function(*arguments, **more)
        finally:
            spent[name] += clock() - began

    return wrapper
