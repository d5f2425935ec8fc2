"""Lightning module of the segmenter."""

from __future__ import annotations

from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer

from rtmri2speech.models.segmenter import Segmenter
from rtmri2speech.training.averaging import AveragedModel
from rtmri2speech.training.engine.distributed import seed_of
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.segmenter.draws import Batch, Draws, FixedFrames
from rtmri2speech.training.segmenter.losses import SegmentationLoss
from rtmri2speech.training.segmenter.measures import LabelSums
from rtmri2speech.training.segmenter.panels import panels
from rtmri2speech.training.segmenter.recipe import SegmenterRecipe
from rtmri2speech.training.training_module import TimedTrainingModule, make_adamw

START_DICE = "start/val_dice"
"""Name of the mean Dice on people's validation frames before the first step, in the metrics of an adaptation."""


class SegmenterTraining(TimedTrainingModule):
    """Trains a segmenter on frames that lie on the device; a loader only counts them.

    Args:
        recipe: settings.
        model: the network.
        train: what batches are drawn from.
        validation: what is validated on.
        start_counts: the model is adapted to frames of people. Its validation loss is that of their frames, and what
            has been lost on simulated ones since the start is added, so that less than at the start is better than it.
    """

    recipe: SegmenterRecipe

    def __init__(
        self,
        recipe: SegmenterRecipe,
        model: Segmenter,
        train: Draws,
        validation: FixedFrames,
        *,
        start_counts: bool = False,
    ) -> None:
        super().__init__(recipe, NanGuard("segmenter"), StepMetrics("train/loss", "train/grad_norm"))
        self.model = model.to(memory_format=torch.channels_last)
        self.averaged = AveragedModel(model, recipe.ema)
        self.loss = SegmentationLoss(recipe.loss)
        self.train_frames, self.validation_frames = train, validation
        self._norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
        self._fixed: list[tuple[bool, Tensor, Tensor]] = []
        self.start_counts = start_counts
        self._start: dict[str, float] = {}

    @property
    def final_model(self) -> Segmenter:
        """The averaged weights."""
        return cast(Segmenter, self.averaged.model)

    def frames_in(self, batch: Tensor) -> int:
        """Frames of a batch."""
        return len(batch)

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        """One optimizer step; of the batch, the number of items counts only."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        step = self.optimizer_steps
        self.set_rate(optimizer, step)
        if self.recipe.freeze_norm:
            for part in self._norms:
                part.eval()
        frames, classes = self._drawn(len(batch), seed_of(self.recipe.seed, step))
        optimizer.zero_grad()
        loss, terms = self.loss(self.model(frames.to(memory_format=torch.channels_last)), classes)
        self.manual_backward(loss)
        optimizer.step()
        self.averaged.update(self.model, step)
        self.log_step(loss.detach(), terms, step)
        self.stop_in_time()

    def _drawn(self, count: int, seed: int) -> Batch:
        # Positions and phases of looks need all their digits.
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
            return self.train_frames.batch(count, seed)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient; here because half precision has undone its scaling by now."""
        self._norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a diverged network, and make the fixed frames at the first time."""
        self.guard.check()
        if not self._fixed:
            with torch.autocast(self.device.type, enabled=False):
                self._fixed = [(theirs, frames.half(), known.byte()) for theirs, frames, known in self._batches()]

    def _batches(self) -> Any:
        return self.validation_frames.batches()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Measure the averaged weights on all fixed frames, and log the figures."""
        sums: dict[bool, LabelSums] = {}
        shown = None
        for theirs, frames, known in self._fixed:
            true = known.long()
            found = self.final_model(frames.float().to(memory_format=torch.channels_last)).argmax(dim=1)
            sums.setdefault(theirs, LabelSums(true.device, surface=not theirs)).update(found, true)
            shown = shown or (frames, true, found)
        figures = {theirs: one.figures() for theirs, one in sums.items()}
        self.log("val/loss", self._judged(figures))
        for theirs, one in figures.items():
            # What people's frames give is named so where simulated ones are validated on too.
            prefix = "people/val_" if theirs and len(figures) > 1 else "val/"
            self.log_dict({f"{prefix}{name}": value for name, value in one.items() if name != "loss"})
        if shown is not None and self.run_log is not None and self.validations % self.recipe.show_every == 0:
            self.run_log.image("validation", panels(*shown), self.optimizer_steps)
        self.validations += 1

    def _judged(self, figures: dict[bool, dict[str, float]]) -> float:
        """The loss that decides which weights are best, by figures of people's frames (True) and of simulated ones."""
        if not self.start_counts:
            return sum(one["loss"] for one in figures.values()) / len(figures)
        if self.optimizer_steps == 0:
            self._start = {"dice": figures[True]["dice"], "simulated": figures.get(False, {}).get("loss", 0.0)}
        self.log(START_DICE, self._start["dice"])
        lost = figures[False]["loss"] - self._start["simulated"] if False in figures else 0.0
        return figures[True]["loss"] + max(lost, 0.0)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the log and the clock depend on; a diverged network is not saved."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["start"] = self._start

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what ``on_save_checkpoint`` kept."""
        super().on_load_checkpoint(checkpoint)
        # A run of before goes on as it began.
        self._start = checkpoint.get("start", {})
        self.start_counts = self.start_counts and bool(self._start)

    def configure_optimizers(self) -> Optimizer:
        """AdamW."""
        fused = self.device.type == "cuda" and self.trainer.precision != "16-mixed"
        return make_adamw(self.model.parameters(), self.recipe.optimizer, fused=fused)
