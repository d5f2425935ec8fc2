"""Stop a diverged run with a message, without slowing the others down."""

from __future__ import annotations

from collections.abc import Callable

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from rtmri2speech.errors import UserError

# Reading a value makes the program wait for the GPU; it is done once in so many steps.
_CHECK_EVERY = 20


def no_items(step: int) -> list[str]:
    """The items of a batch whose recordings are not known."""
    return []


class NanGuard:
    """Remembers, on the device, the first step whose loss was not a finite number.

    Args:
        section: part of the recipe that the remedy names, ``acoustic`` or ``vocoder``.
        items_of: names of the recordings in the batch of a step, counted from 0.
    """

    def __init__(self, section: str, items_of: Callable[[int], list[str]] = no_items) -> None:
        self.items_of = items_of
        self._section = section
        self._first_bad: Tensor | None = None

    def update(self, loss: Tensor, step: int) -> None:
        """Add the loss of an optimizer step, counted from 0.

        Raises:
            UserError: when this or one of the last steps had no finite loss.
        """
        bad = torch.where(torch.isfinite(loss.detach()), -1, step)
        known = self._first_bad
        self._first_bad = bad if known is None else torch.where(known >= 0, known, bad)
        if step % _CHECK_EVERY == 0:
            self.check()

    def check(self) -> None:
        """Refuse to continue when the loss of any step so far was not finite.

        Raises:
            UserError: naming the step and the recordings in its batch.
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
            f"The {name} training diverged: the loss is no longer a number at {where}.",
            f"Start from the best model so far (`init`, with another `run_dir`) at a lower learning rate "
            f"(lower {name}.optimizer.lr) or in full precision ({name}.precision=fp32).",
        )


def in_fit(trainer: Trainer) -> bool:
    """True inside ``fit``, False when the trainer only validates."""
    return trainer.state.fn == TrainerFn.FITTING
