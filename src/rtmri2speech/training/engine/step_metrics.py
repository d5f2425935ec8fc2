"""Metrics per step: every tenth step is logged, with the peaks since the last one."""

from __future__ import annotations

import torch
from torch import Tensor

from rtmri2speech.training.engine.metrics_log import RunLog

# Steps between two records. Reading a value makes the program wait for the GPU.
_EVERY = 10


class StepMetrics:
    """Writes the metrics of every tenth step, and for some of them the largest value since the record before.

    A spike of a single step would go unnoticed otherwise. Half precision leaves out the steps whose gradient is not
    finite; their number is written as ``train/skipped_steps``, where there are any.

    Args:
        peaks: metrics whose largest finite value is written too, as ``<name>_peak``.
    """

    def __init__(self, *peaks: str) -> None:
        self._names = peaks
        # With one more element, the number of steps in which one of them was not finite.
        self._peaks: Tensor | None = None

    def update(self, log: RunLog | None, step: int, epoch: int, values: dict[str, Tensor], rate: float) -> None:
        """Add a step.

        Args:
            log: where to write; None writes nothing.
            step: optimizer steps taken, this one included.
            epoch: of the step.
            values: scalars by name.
            rate: learning rate of the step.
        """
        if log is None:
            return
        now = torch.stack([values[name].detach().float() for name in self._names])
        finite = torch.isfinite(now)
        now = torch.where(finite, now, -torch.inf)
        skipped = torch.logical_not(finite.all())[None]
        if self._peaks is not None:
            now, skipped = torch.maximum(self._peaks[:-1], now), self._peaks[-1:] + skipped
        self._peaks = torch.cat([now, skipped])
        if step % _EVERY:
            return
        numbers = torch.cat([torch.stack([value.detach().float() for value in values.values()]), self._peaks])
        names = [*values, *(f"{name}_peak" for name in self._names), "train/skipped_steps"]
        record = dict(zip(names, numbers.tolist(), strict=True))  # one wait for the GPU
        if not record["train/skipped_steps"]:
            del record["train/skipped_steps"]
        log.scalars(step, epoch, {**record, "train/lr": rate})
        self._peaks = None

    def state(self) -> Tensor | None:
        """What a resumed run needs."""
        return self._peaks

    def load(self, state: Tensor | None, device: torch.device) -> None:
        """Restore what :meth:`state` gave; the state of an older version with other peaks is ignored."""
        self._peaks = None
        if state is not None and len(state) == len(self._names) + 1:
            self._peaks = state.to(device)
