"""What the training modules of all networks have in common, and the engine relies on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import AdamW

from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.run_config import AdamConfig, RunConfig


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
