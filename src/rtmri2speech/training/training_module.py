"""What the training modules of all networks have in common, and the engine relies on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import AdamW

from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.run_config import AdamConfig, RunConfig, TimedRunConfig


class TrainingModule(LightningModule):
    """A network in training: its optimizer steps are its own, a diverged network is not saved, its log can go on.

    Args:
        recipe: settings of the run.
        guard: notices when the network diverges.
        step_metrics: what is logged between validations.

    Attributes:
        run_log: where figures go; None where nothing is kept.
        last_train_loss: of the last step.
        stop_reason: why the run ended before its limit.
        validations: so far.
    """

    recipe: RunConfig

    def __init__(self, recipe: RunConfig, guard: NanGuard, step_metrics: StepMetrics) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.recipe = recipe
        self.guard = guard
        self.run_log: RunLog | None = None
        self.last_train_loss: Tensor | None = None
        self.stop_reason: str | None = None
        self.validations = 0
        self._step_metrics = step_metrics

    @property
    def optimizer_steps(self) -> int:
        """Optimizer steps taken."""
        return self.global_step

    def frames_in(self, batch: Any) -> int:
        """Frames of a batch of this process."""
        raise NotImplementedError

    def on_train_epoch_end(self) -> None:
        """Refuse to save a diverged network."""
        self.guard.check()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the log depends on; a diverged network is not saved."""
        self.guard.check()
        checkpoint["validations"] = self.validations
        checkpoint["records"] = self._step_metrics.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what ``on_save_checkpoint`` kept; the first runs of vocoders did not count their validations."""
        self.validations = checkpoint.get("validations", 0)
        self._step_metrics.load(checkpoint["records"], self.device)


class TimedTrainingModule(TrainingModule):
    """A network whose learning rate falls over steps or over minutes, and whose averaged weights are the model.

    Whatever is random in a step is a function of the seed and the step alone. With ``max_minutes`` the learning rate
    depends on the clock, and a resumed run is no longer the same to the last bit.
    """

    recipe: TimedRunConfig

    def __init__(self, recipe: TimedRunConfig, guard: NanGuard, step_metrics: StepMetrics) -> None:
        super().__init__(recipe, guard, step_metrics)
        self._norm = torch.zeros(())
        self._seconds_before, self._began = 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the run began, pauses left out."""
        return self._seconds_before + time.monotonic() - self._began

    def on_fit_start(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def set_rate(self, optimizer: Any, step: int) -> None:
        """Set the learning rate of a step."""
        for group in optimizer.param_groups:
            group["lr"] = self.recipe.rate(step, self.seconds)

    def log_step(self, loss: Tensor, terms: dict[str, Tensor], step: int) -> None:
        """Note the loss of a step and its terms."""
        self.last_train_loss = loss
        self.guard.update(loss, step)
        values = {"train/loss": loss, **{f"train/{name}": value for name, value in terms.items()}}
        values["train/grad_norm"] = self._norm
        rate = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        self._step_metrics.update(self.run_log, self.optimizer_steps, self.current_epoch, values, rate)

    def stop_in_time(self) -> None:
        """Ask for the end when the minutes are over."""
        minutes = self.recipe.max_minutes
        if minutes is not None and self.seconds >= 60.0 * minutes:
            self.stop_reason = f"{minutes:g} minutes"
            self.trainer.should_stop = True

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the log and the clock depend on; a diverged network is not saved."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["seconds"] = self.seconds

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what ``on_save_checkpoint`` kept."""
        super().on_load_checkpoint(checkpoint)
        self._seconds_before = checkpoint["seconds"]


def make_adamw(parameters: Iterable[nn.Parameter], settings: AdamConfig, *, fused: bool) -> AdamW:
    """AdamW; without weight decay it is Adam.

    Args:
        parameters: to be trained.
        settings: of the recipe.
        fused: one kernel for all weights, on a GPU.
    """
    return AdamW(
        parameters,
        lr=settings.lr,
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        fused=fused,
    )
