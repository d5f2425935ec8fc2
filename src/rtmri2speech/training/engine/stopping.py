"""What ends a training: a signal, a limit of the recipe, or that nothing more is learned."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from rtmri2speech.training.recipes import AcousticRecipe, RunConfig


class Interrupted(Exception):
    """The training has stopped where it was asked to, between two steps, with its state saved."""


class StepsDone(Exception):
    """The training has taken its last step inside an epoch, with its state saved."""


class StopRequest:
    """Turns the first Ctrl-C or SIGTERM into a request to stop after the step at hand; another one stops at once.

    SIGTERM is how a cluster says that the time is over. Lightning's own way stops inside a step, when half of the
    weights may be updated, and exits the process.
    """

    def __init__(self) -> None:
        self.made = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals over; once more after Lightning has done the same."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.signal(number, self._handle)
                self._previous.setdefault(number, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.made:
            raise KeyboardInterrupt
        self.made = True


class StepLimit(Callback):
    """Asks the trainer to stop after a number of steps.

    Lightning's own limit takes an epoch that it falls into for a whole one: a run that goes on with a larger limit
    would miss the rest, and a vocoder's rate would be lowered too early.

    Args:
        steps: optimiser steps as Lightning counts them; None is no limit.
    """

    def __init__(self, steps: int | None) -> None:
        self._steps = steps

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Ask, before the checkpoints' turn comes."""
        if self._steps is not None and trainer.global_step >= self._steps:
            trainer.should_stop = True


def reason_to_end(settings: RunConfig, steps: int, epochs: int, waited: int, rate: str | None) -> str | None:
    """Why a training that has come so far ends there, in words; None when it goes on.

    Args:
        settings: the recipe's part, with its limits.
        steps: optimiser steps done.
        epochs: whole epochs done.
        waited: validations without improvement.
        rate: said when the learning rate has become too small to learn.
    """
    if rate is not None:
        return rate
    if settings.max_steps is not None and steps >= settings.max_steps:
        return f"{settings.max_steps} steps"
    if isinstance(settings, AcousticRecipe) and waited >= settings.early_stop_patience:
        return f"no improvement in {settings.early_stop_patience} validations"
    return f"{settings.max_epochs} epochs" if epochs >= settings.max_epochs else None
