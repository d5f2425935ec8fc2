"""Lightning module of the acoustic training (memo section 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from rtmri2speech.data.segments import SegmentBatch
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.signal.video import model_input
from rtmri2speech.training.losses import AcousticLoss, LossSums, absolute_errors, band_mae
from rtmri2speech.training.recipes import AcousticRecipe
from rtmri2speech.training.watch import LossWatch, in_fit


class AcousticTraining(LightningModule):
    """Trains an acoustic model on segments; the loss is over all windows of a batch.

    Optimisation is manual because the loss is a ratio of weighted sums: each micro-batch is divided by the whole
    batch's denominators, so that the gradients add up to the batch's whatever number of valid windows each
    micro-batch has, the last and smaller batch of an epoch included.

    Args:
        recipe: settings.
        model: the network, its scaler filled in.
        pixel_mask: shape (H, W), multiplied onto every normalised frame, or None.
    """

    pixel_mask: Tensor | None
    _sums: LossSums | None
    _errors: Tensor
    _frames: Tensor

    def __init__(self, recipe: AcousticRecipe, model: AcousticModel, pixel_mask: Tensor | None = None) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.recipe = recipe
        self.model = model
        self.loss = AcousticLoss(recipe.loss, model.n_mels)
        self.register_buffer("pixel_mask", pixel_mask, persistent=False)
        self.watch = LossWatch("acoustic")
        self.last_train_loss: Tensor | None = None
        self.stop_reason: str | None = None
        self._reset_validation()

    @property
    def optimizer_steps(self) -> int:
        """Optimiser steps taken."""
        return self.global_step

    def windows(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Scaled mel of every window: frames (B, L, H, W) uint8, lengths (B,), to (B, L - r + 1, r, M).

        Padding frames do not pass through the image network, whose BatchNorm would count them.
        """
        inputs = model_input(frames, self.pixel_mask)
        real = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]
        if bool(real.all()):
            result: Tensor = self.model(inputs)
            return result
        encoded = self.model.encode(inputs[real])
        features = encoded.new_zeros(*real.shape, encoded.shape[-1])
        features[real] = encoded
        windows = self.model.windows(features)
        decoded = self.model.decode(windows.flatten(0, 1))
        return decoded.reshape(*windows.shape[:3], -1)

    def window_mask(self, batch: SegmentBatch) -> Tensor:
        """1 where a frame of a window counts: shape (B, L - r + 1, r); windows that reach into padding do not."""
        size = self.model.config.ref_frames
        mask = batch["mask"].unfold(1, size, 1)
        first = torch.arange(mask.shape[1], device=mask.device)
        return mask * (first <= batch["length"][:, None] - size)[..., None]

    def window_targets(self, mel_db: Tensor) -> Tensor:
        """Scaled mel of every window: (B, L, M) dB to (B, L - r + 1, r, M)."""
        scaled: Tensor = self.model.scaler(mel_db)
        return scaled.unfold(1, self.model.config.ref_frames, 1).transpose(-1, -2)

    def training_step(self, batch: SegmentBatch, batch_idx: int) -> None:
        """One optimiser step from one batch, in micro-batches."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        optimizer.zero_grad()
        step = self.optimizer_steps
        ramp = self.recipe.loss.ramp(step)
        mask = self.window_mask(batch)
        targets = self.window_targets(batch["mel"])
        denominators = self.loss.denominators(mask.flatten(0, 1), ramp)
        sums = LossSums(torch.zeros_like(denominators), denominators)
        by_bin, frames = torch.zeros_like(self.model.scaler.std), mask.sum()
        for start in range(0, len(mask), self.recipe.data.micro_batch_size):
            part = slice(start, start + self.recipe.data.micro_batch_size)
            pred = self.windows(batch["frames"][part], batch["length"][part]).flatten(0, 1)
            target, counts = targets[part].flatten(0, 1), mask[part].flatten(0, 1)
            share = replace(self.loss.sums(pred, target, counts, ramp), denominators=denominators)
            self.manual_backward(self.loss.combine(share, ramp)[0])
            sums = replace(sums, numerators=sums.numerators + share.numerators.detach())
            by_bin += absolute_errors(pred.detach(), target, counts, self.model.scaler.std)[0]
        optimizer.step()
        loss, terms = self.loss.combine(sums, ramp)
        self.last_train_loss = loss
        self.watch.see(loss, step)
        self.log("train/loss", loss, prog_bar=True)
        self.log("train/lr", float(self._optimizer.param_groups[0]["lr"]))
        self.log_dict({f"train/{name}": value for name, value in terms.items()})
        by_bin = by_bin / frames.clamp(min=1)
        self.log("train/mae_db", by_bin.mean())
        self.log_dict({f"band/train_{name}": value for name, value in band_mae(by_bin).items()})

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient; here because half precision has undone its scaling by now."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters(), self.recipe.clip_norm)
        self.log("train/grad_norm", norm)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a network that has come apart, and begin new sums."""
        self.watch.check()
        self._reset_validation()

    def validation_step(self, batch: SegmentBatch, batch_idx: int) -> None:
        """Add a batch to the sums; always with the loss's final weights, so that the yardstick stands still."""
        mask = self.window_mask(batch).flatten(0, 1)
        pred = self.windows(batch["frames"], batch["length"]).flatten(0, 1)
        target = self.window_targets(batch["mel"]).flatten(0, 1)
        std = self.model.scaler.std
        sums = self.loss.sums(pred, target, mask, ramp=1.0)
        self._sums = sums if self._sums is None else self._sums + sums
        errors, frames = absolute_errors(pred, target, mask, std)
        # The scaler's mean is the training split's, 0 when scaled: what a model that learned nothing would say.
        baseline, _ = absolute_errors(torch.zeros_like(target), target, mask, std)
        self._errors = self._errors + torch.stack([errors, baseline])
        self._frames = self._frames + frames

    def on_validation_epoch_end(self) -> None:
        """Log the loss and errors over the whole split, and let the scheduler see the loss."""
        if self._sums is None:
            return
        loss, terms = self.loss.combine(self._sums, ramp=1.0)
        self.watch.require(loss, "validation")
        errors, baseline = self._errors / self._frames.clamp(min=1)
        self.log("val/loss", loss, prog_bar=True)
        self.log_dict({f"val/{name}": value for name, value in terms.items()})
        self.log_dict({"val/mae_db": errors.mean(), "val/mean_mel_mae_db": baseline.mean()})
        self.log_dict({f"band/val_{name}": value for name, value in band_mae(errors).items()})
        if in_fit(self.trainer):
            self._lower_rate(float(loss))

    def on_train_epoch_end(self) -> None:
        """Nothing that has come apart is saved."""
        self.watch.check()

    def configure_optimizers(self) -> Any:
        """AdamW and ReduceLROnPlateau."""
        settings, plateau = self.recipe.optimizer, self.recipe.scheduler
        optimizer = AdamW(
            self.model.parameters(),
            lr=settings.lr,
            betas=settings.betas,
            eps=settings.eps,
            weight_decay=settings.weight_decay,
        )
        scheduler = ReduceLROnPlateau(
            optimizer, factor=plateau.factor, patience=plateau.patience, min_lr=plateau.min_lr
        )
        return [optimizer], [scheduler]

    @property
    def _optimizer(self) -> Optimizer:
        return self.trainer.optimizers[0]

    def _lower_rate(self, loss: float) -> None:
        scheduler = self.lr_schedulers()
        assert isinstance(scheduler, ReduceLROnPlateau)
        scheduler.step(loss)
        lr, least = self._optimizer.param_groups[0]["lr"], self.recipe.scheduler.min_lr
        # A recipe that begins at the minimum is meant to train at it.
        if lr <= least < self.recipe.optimizer.lr:
            self.stop_reason = f"the learning rate has reached {least:g}"
            self.trainer.should_stop = True

    def _reset_validation(self) -> None:
        std = self.model.scaler.std
        self._sums = None
        self._errors = std.new_zeros(2, self.model.n_mels)
        self._frames = std.new_zeros(())
