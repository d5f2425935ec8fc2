"""What ends a run: a signal, a limit of the recipe, or that the loss no longer improves."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from rtmri2speech.training.recipes import AcousticRecipe
from rtmri2speech.training.run_config import RunConfig


class Interrupted(Exception):
    """The run has stopped on request, between two steps, with its state saved."""


class StepsDone(Exception):
    """The run has taken its last step, inside an epoch, with its state saved."""


class StopRequest:
    """Turns the first Ctrl-C or SIGTERM into a request to stop after the current step; another one stops at once.

    A cluster sends SIGTERM when a job's time is over. Lightning's own handler stops inside a step, when half of the
    weights may be updated, and exits the process.
    """

    def __init__(self) -> None:
        self.made = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def install(self) -> None:
        """Install the handlers; called again after Lightning has installed its own."""
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

    Lightning's own limit counts an epoch that it ends as a whole one: a run resumed with a larger limit would miss
    the rest of it, and a vocoder's learning rate would be lowered too early.

    Args:
        steps: optimizer steps as Lightning counts them; None is no limit.
    """

    def __init__(self, steps: int | None) -> None:
        self._steps = steps

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Ask, before the checkpoint callback runs."""
        if self._steps is not None and trainer.global_step >= self._steps:
            trainer.should_stop = True


def reason_to_end(settings: RunConfig, steps: int, epochs: int, waited: int, rate: str | None) -> str | None:
    """Why a run that has come so far ends there, in words; None when it continues.

    Args:
        settings: the recipe's part, with its limits.
        steps: optimizer steps done.
        epochs: whole epochs done.
        waited: validations without improvement.
        rate: the reason, where the learning rate has become too small to learn.
    """
    if rate is not None:
        return rate
    if settings.max_steps is not None and steps >= settings.max_steps:
        return f"{settings.max_steps} steps"
    if isinstance(settings, AcousticRecipe) and waited >= settings.early_stop_patience:
        return f"no improvement in {settings.early_stop_patience} validations"
    return f"{settings.max_epochs} epochs" if epochs >= settings.max_epochs else None
