"""Records of single steps, a few times a minute, with the peaks in between."""

from __future__ import annotations

import torch
from torch import Tensor

from rtmri2speech.training.log import RunLog

# Steps between two records. Reading a value makes the program wait for the GPU.
_EVERY = 10


class StepRecords:
    """Writes the figures of every tenth step, and of the named ones the largest since the record before.

    A spike of a single step would go unseen otherwise.

    Args:
        peaks: figures whose largest value is written too, as ``<name>_peak``.
    """

    def __init__(self, *peaks: str) -> None:
        self._names = peaks
        self._peaks: Tensor | None = None

    def see(self, log: RunLog | None, step: int, epoch: int, values: dict[str, Tensor], rate: float) -> None:
        """Take in a step.

        Args:
            log: where to write; None writes nothing.
            step: optimiser steps taken, this one included.
            epoch: of the step.
            values: scalars by name.
            rate: learning rate of the step.
        """
        if log is None:
            return
        now = torch.stack([values[name].detach().float() for name in self._names])
        self._peaks = now if self._peaks is None else torch.maximum(self._peaks, now)
        if step % _EVERY:
            return
        numbers = torch.cat([torch.stack([value.detach().float() for value in values.values()]), self._peaks])
        names = [*values, *(f"{name}_peak" for name in self._names)]
        record = dict(zip(names, numbers.tolist(), strict=True))  # one wait for the GPU
        log.scalars(step, epoch, {**record, "train/lr": rate})
        self._peaks = None

    def state(self) -> Tensor | None:
        """What a resumed run needs."""
        return self._peaks

    def load(self, state: Tensor | None, device: torch.device) -> None:
        """Restore what :meth:`state` gave."""
        self._peaks = None if state is None else state.to(device)
