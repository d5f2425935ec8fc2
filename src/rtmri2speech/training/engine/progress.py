"""How a run is doing: steps and figures for a progress bar, and a printed line per validation."""

from __future__ import annotations

import time
from typing import Any, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.training.run_config import RunConfig
from rtmri2speech.training.training_module import TrainingModule

# Reading the loss makes the program wait for the GPU.
_SECONDS_BETWEEN_LOOKS = 1.0
# The speed shown is that of about the last so many seconds.
_SPEED_SECONDS = 20.0


class _Speed:
    """Frames per second, validation left out, forgetting what is long past."""

    def __init__(self) -> None:
        self._frames = self._seconds = 0.0
        self._since = time.monotonic()

    def start(self) -> None:
        """Restart the clock, after a pause that does not count."""
        self._since = time.monotonic()

    def add(self, frames: int) -> None:
        """Count a batch of all processes."""
        now = time.monotonic()
        spent = now - self._since
        keep = max(0.0, 1.0 - spent / _SPEED_SECONDS)
        self._frames = keep * self._frames + frames
        self._seconds = keep * self._seconds + spent
        self._since = now

    @property
    def value(self) -> float:
        """Frames per second."""
        return self._frames / self._seconds if self._seconds else 0.0


class RunProgress(Callback):
    """Counts optimizer steps, and shows epoch, loss, learning rate and speed; prints a line per validation.

    The lines are for logs of jobs that no one watches, and stay above a bar.

    Args:
        settings: how long the run lasts.
        progress: counts optimizer steps, those before a resume included.
    """

    def __init__(self, settings: RunConfig, progress: Progress = SILENT) -> None:
        self._settings = settings
        self._progress = progress
        self._speed = _Speed()
        self._looked = float("-inf")
        self._steps = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Expect as many steps as the limits allow."""
        settings = self._settings
        total = int(trainer.num_training_batches) * settings.max_epochs
        if settings.max_steps is not None:
            total = min(total, settings.max_steps)
        self._steps = cast(TrainingModule, pl_module).optimizer_steps
        self._progress.describe(_epoch(trainer))
        self._progress.expect(total)
        self._progress.advance(self._steps)
        self._speed.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch."""
        module = cast(TrainingModule, pl_module)
        self._speed.add(module.frames_in(batch) * trainer.world_size)
        self._progress.advance(module.optimizer_steps - self._steps)
        self._steps = module.optimizer_steps
        if time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS and module.last_train_loss is not None:
            self._looked = time.monotonic()
            rate = float(trainer.optimizers[0].param_groups[0]["lr"])
            figures = f"loss {float(module.last_train_loss):.4f}  lr {rate:.1e}  {self._speed.value:.0f} frames/s"
            self._progress.describe(f"{_epoch(trainer)}  {figures}")

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say so."""
        self._progress.describe(f"{_epoch(trainer)}, validating")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the step and the main figures."""
        metrics = trainer.callback_metrics
        error = f", mel error {float(metrics['val/mae_db']):.2f} dB" if "val/mae_db" in metrics else ""
        if "val/dice" in metrics:
            error = f", Dice {float(metrics['val/dice']):.3f}"
        if "val/tongue_px" in metrics:
            error += f", tongue surface {float(metrics['val/tongue_px']):.2f} px"
        step = cast(TrainingModule, pl_module).optimizer_steps
        print(
            f"epoch {trainer.current_epoch}, step {step}: val/loss {float(metrics['val/loss']):.4f}{error}, "
            f"{self._speed.value:.0f} frames/s",
            flush=True,
        )
        self._progress.describe(_epoch(trainer))
        self._speed.start()


def _epoch(trainer: Trainer) -> str:
    return f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
