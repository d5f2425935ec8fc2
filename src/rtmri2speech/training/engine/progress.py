"""How a training comes along: a bar for people, a line a validation for logs."""

from __future__ import annotations

import time
from typing import Any, Protocol, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor

from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.recipes import RunConfig

# Reading the loss makes the program wait for the GPU.
_SECONDS_BETWEEN_LOOKS = 1.0
# The speed shown is that of about the last so many seconds.
_SPEED_SECONDS = 20.0


class TrainingModule(Protocol):
    """What is asked of a training beside Lightning's own."""

    last_train_loss: Tensor | None
    stop_reason: str | None
    run_log: RunLog | None
    validations: int
    recipe: RunConfig

    @property
    def optimizer_steps(self) -> int:
        """Optimiser steps taken."""
        ...

    def frames_in(self, batch: Any) -> int:
        """Frames of a batch of this process."""
        ...


class _Speed:
    """Frames a second, validation left out, forgetting what is long past."""

    def __init__(self, world: int) -> None:
        self._world = world
        self._frames = self._seconds = 0.0
        self._since = time.monotonic()

    def start(self) -> None:
        """The clock goes on."""
        self._since = time.monotonic()

    def add(self, frames: int) -> None:
        """A batch is done."""
        now = time.monotonic()
        spent = now - self._since
        keep = max(0.0, 1.0 - spent / _SPEED_SECONDS)
        self._frames = keep * self._frames + frames * self._world
        self._seconds = keep * self._seconds + spent
        self._since = now

    @property
    def value(self) -> float:
        """Frames a second over all processes."""
        return self._frames / self._seconds if self._seconds else 0.0


class ValidationLines(Callback):
    """Prints a line a validation, for logs of jobs that no one watches."""

    def __init__(self) -> None:
        self._speed: _Speed | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to measure."""
        self._speed = _Speed(trainer.world_size)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, _: int
    ) -> None:
        """Count the batch."""
        assert self._speed is not None
        self._speed.add(cast(TrainingModule, pl_module).frames_in(batch))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the step and the main figures."""
        metrics = trainer.callback_metrics
        error = f", mel error {float(metrics['val/mae_db']):.2f} dB" if "val/mae_db" in metrics else ""
        step = cast(TrainingModule, pl_module).optimizer_steps
        speed = f", {self._speed.value:.0f} frames/s" if self._speed is not None else ""
        print(
            f"epoch {trainer.current_epoch}, step {step}: val/loss {float(metrics['val/loss']):.4f}{error}{speed}",
            flush=True,
        )
        if self._speed is not None:
            self._speed.start()


class ProgressLine(Callback):
    """A bar with epoch, step, frames a second, loss, learning rate and the time that is left at most.

    Args:
        settings: how long the training goes on.
    """

    def __init__(self, settings: RunConfig) -> None:
        self._settings = settings
        self._speed: _Speed | None = None
        self._looked = 0.0
        self._task: TaskID | None = None
        columns = [
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("of at most"),
            TimeRemainingColumn(),
        ]
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Show the bar."""
        settings = self._settings
        total = int(trainer.num_training_batches) * settings.max_epochs
        if settings.max_steps is not None:
            total = min(total, settings.max_steps)
        self._bar.start()
        done = cast(TrainingModule, pl_module).optimizer_steps
        self._task = self._bar.add_task(self._name(trainer), total=total, completed=done, figures="")
        self._speed = _Speed(trainer.world_size)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, _: int
    ) -> None:
        """Move the bar."""
        assert self._task is not None and self._speed is not None
        module = cast(TrainingModule, pl_module)
        self._speed.add(module.frames_in(batch))
        self._bar.update(self._task, completed=module.optimizer_steps, description=self._name(trainer))
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS and module.last_train_loss is not None:
            self._looked = time.monotonic()
            rate = float(trainer.optimizers[0].param_groups[0]["lr"])
            loss = float(module.last_train_loss)
            figures = f"loss {loss:.4f}  lr {rate:.1e}  {self._speed.value:.0f} frames/s"
            self._bar.update(self._task, figures=figures)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say so."""
        if self._task is not None:
            self._bar.update(self._task, description=f"{self._name(trainer)}, validating")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the figures above the bar."""
        metrics = trainer.callback_metrics
        step = cast(TrainingModule, pl_module).optimizer_steps
        self._bar.console.print(
            f"epoch {trainer.current_epoch}, step {step}: val/loss {float(metrics['val/loss']):.4f}, "
            f"mel error {float(metrics['val/mae_db']):.2f} dB"
        )
        if self._speed is not None:
            self._speed.start()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the bar away."""
        self._bar.stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Take the bar away."""
        self._bar.stop()

    @staticmethod
    def _name(trainer: Trainer) -> str:
        return f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
