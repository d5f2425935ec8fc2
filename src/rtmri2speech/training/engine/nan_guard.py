"""A watch over the loss: a training that has come apart stops with a message, without slowing the others."""

from __future__ import annotations

from collections.abc import Callable

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from rtmri2speech.errors import UserError

# Reading a value makes the program wait for the GPU; it is done once in so many steps.
_CHECK_EVERY = 20


class LossWatch:
    """Remembers, on the device, the first step whose loss was not a finite number.

    Args:
        section: part of the recipe that the remedy names, ``acoustic`` or ``vocoder``.
        items_of: names of the recordings in the batch of a step.
    """

    def __init__(self, section: str, items_of: Callable[[int], list[str]] = lambda step: []) -> None:
        self.items_of = items_of
        self._section = section
        self._first_bad: Tensor | None = None

    def see(self, loss: Tensor, step: int) -> None:
        """Look at the loss of an optimiser step, counted from 0.

        Raises:
            UserError: when this or one of the last steps had no finite loss.
        """
        bad = torch.where(torch.isfinite(loss.detach()), -1, step)
        seen = self._first_bad
        self._first_bad = bad if seen is None else torch.where(seen >= 0, seen, bad)
        if step % _CHECK_EVERY == 0:
            self.check()

    def check(self) -> None:
        """Ask for the verdict on all steps seen.

        Raises:
            UserError: when one had no finite loss; names the step and the recordings in its batch.
        """
        if self._first_bad is not None and (step := int(self._first_bad)) >= 0:
            names = sorted(set(self.items_of(step)))
            raise self._error(f"step {step + 1}" + (f" (recordings in it: {', '.join(names)})" if names else ""))

    def require(self, loss: Tensor, where: str) -> None:
        """Check one value at once.

        Raises:
            UserError: when it is not a finite number.
        """
        if not bool(torch.isfinite(loss)):
            raise self._error(where)

    def _error(self, where: str) -> UserError:
        name = self._section
        return UserError(
            f"The {name} training came apart: the loss is no longer a number at {where}.",
            f"Start from the best model so far (--init, another --run-dir) with a lower learning rate "
            f"(--set {name}.optimizer.lr=...) or in full precision (--set {name}.precision=fp32).",
        )


def in_fit(trainer: Trainer) -> bool:
    """True inside ``fit``, False when the trainer only validates."""
    return trainer.state.fn == TrainerFn.FITTING
