"""Lightning module of the acoustic model (reference configuration, docs/reference/memo.md section 2)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from rtmri2speech.data.dataset.training_items import SegmentBatch
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.gradient_checkpointing import require_recomputable
from rtmri2speech.signal.frames import model_input
from rtmri2speech.training.acoustic.augment import augment
from rtmri2speech.training.acoustic.batch_norm import StepStatistics
from rtmri2speech.training.acoustic.sums import StepSums, ValidationSums
from rtmri2speech.training.engine.cuda_graphs import CapturedEncoder
from rtmri2speech.training.engine.distributed import add_up, add_up_gradients, seed_of
from rtmri2speech.training.engine.nan_guard import NanGuard, in_fit, no_items
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.engine.tensorboard_examples import TensorBoardExample
from rtmri2speech.training.losses import AcousticLoss, LossSums, absolute_errors, band_mae
from rtmri2speech.training.recipes import AcousticRecipe
from rtmri2speech.training.training_module import TrainingModule, make_adamw


class AcousticTraining(TrainingModule):
    """Trains an acoustic model on segments; the loss is over all windows of a batch.

    Optimization is manual because the loss is a ratio of weighted sums: each micro-batch is divided by the whole
    batch's denominators, so that the gradients add up to the batch's whatever number of valid windows each
    micro-batch has, the last and smaller batch of an epoch included, and whatever process has it.

    Whatever is random in a step is a function of the seed and the step alone, so that a resumed run needs no state
    of random generators.

    Args:
        recipe: settings.
        model: the network, its scaler filled in.
        pixel_mask: shape (H, W), multiplied onto every normalized frame, or None.
        example: an utterance to show in TensorBoard now and then.
        items_of: names of the recordings in the batch of a step, for the message about a diverged run.

    Raises:
        ConfigError: when the recipe asks for gradient checkpointing of a network that cannot have it.
    """

    pixel_mask: Tensor | None

    recipe: AcousticRecipe

    def __init__(
        self,
        recipe: AcousticRecipe,
        model: AcousticModel,
        pixel_mask: Tensor | None = None,
        example: TensorBoardExample | None = None,
        items_of: Callable[[int], list[str]] = no_items,
    ) -> None:
        super().__init__(recipe, NanGuard("acoustic", items_of), StepMetrics("train/loss", "train/grad_norm"))
        self.model = model
        if recipe.checkpoint_segments:
            require_recomputable(model.cnn)
            model.checkpoint_segments = recipe.checkpoint_segments
        self.loss = AcousticLoss(recipe.loss, model.n_mels)
        self.register_buffer("pixel_mask", pixel_mask, persistent=False)
        self._example = example
        self._norm = torch.zeros(())
        self._statistics = StepStatistics(model.cnn)
        self._encode: Callable[[Tensor], Tensor] = model.encode
        self._validation_sums = ValidationSums(model.scaler.std)

    def frames_in(self, batch: SegmentBatch) -> int:
        """Frames of a batch of this process."""
        return batch["n_frames"]

    def on_fit_start(self) -> None:
        """On a GPU, capture the CNN backbone's work, if the recipe says so."""
        data = self.recipe.data
        in_one_pass = data.micro_batch_size >= data.batch_size  # else a pass overwrites the last one's gradient
        if self.recipe.cuda_graph and in_one_pass and self.device.type == "cuda" and not self.model.checkpoint_segments:
            self._encode = CapturedEncoder(self.model.encode, self.model.cnn)

    def windows(self, frames: Tensor, lengths: Tensor, *, full: bool = False) -> Tensor:
        """Scaled mel of every window: frames (B, V + L, H, W) in [0, 1], lengths (B,), to (B, L - r + 1, r, M).

        Padding frames do not pass through the CNN backbone, whose BatchNorm would count them.

        Args:
            frames: normalized frames, behind V views of the utterance that tell who speaks.
            lengths: number of real frames of each segment.
            full: whether all frames are real.
        """
        views = self.model.config.views
        if full:
            encode = self._encode if self.training else self.model.encode
            encoded = encode(frames.flatten(0, 1))
            features = encoded.reshape(*frames.shape[:2], encoded.shape[-1])
        else:
            real = torch.arange(frames.shape[1], device=frames.device) < views + lengths[:, None]
            encoded = self.model.encode(frames[real])
            features = encoded.new_zeros(*real.shape, encoded.shape[-1])
            features[real] = encoded
        if views:
            features = self.model.with_speaker(features[:, views:], features[:, :views].mean(dim=1))
        windows = self.model.windows(features)
        decoded = self.model.decode(windows.flatten(0, 1))
        return decoded.reshape(*windows.shape[:3], -1)

    def window_mask(self, batch: SegmentBatch) -> Tensor:
        """1 where a frame of a window counts: shape (B, L - r + 1, r).

        Windows that reach into padding, or that another segment has, do not.
        """
        size = self.model.config.ref_frames
        mask = batch["mask"].unfold(1, size, 1)
        window = torch.arange(mask.shape[1], device=mask.device)
        counts = (window >= batch["first"][:, None]) & (window <= batch["length"][:, None] - size)
        return mask * counts[..., None]

    def window_targets(self, mel_db: Tensor) -> Tensor:
        """Scaled mel of every window: (B, L, M) dB to (B, L - r + 1, r, M)."""
        scaled: Tensor = self.model.scaler(mel_db)
        return scaled.unfold(1, self.model.config.ref_frames, 1).transpose(-1, -2)

    def training_step(self, batch: SegmentBatch, batch_idx: int) -> None:
        """One optimizer step from one batch, in micro-batches."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        optimizer.zero_grad()
        step = self.optimizer_steps
        self._set_rate(step)
        ramp = self.recipe.loss.ramp(step)
        sums = self._accumulate_gradients(batch, step, ramp)
        optimizer.step()
        self._log_step(sums, step, ramp)

    def _accumulate_gradients(self, batch: SegmentBatch, step: int, ramp: float) -> StepSums:
        """Gradients of a batch's loss, added up over micro-batches and processes."""
        size = self.recipe.data.micro_batch_size
        mask, targets = self.window_mask(batch), self.window_targets(batch["mel"])
        denominators = add_up(self.loss.denominators(mask.flatten(0, 1), ramp))
        full = batch["n_frames"] == batch["mel"].shape[0] * batch["mel"].shape[1]
        std = self.model.scaler.std
        numerators, errors = torch.zeros_like(denominators), torch.zeros_like(std)
        starts = range(0, len(mask), size)
        self._statistics.begin(len(starts), self.trainer.world_size)
        for start in starts:
            part = slice(start, start + size)
            torch.manual_seed(seed_of(self.recipe.seed, step, self.global_rank, start))
            self._statistics.next_pass()
            inputs = self._inputs(batch["frames"][part])
            pred = self.windows(inputs, batch["length"][part], full=full).flatten(0, 1)
            target, counts = targets[part].flatten(0, 1), mask[part].flatten(0, 1)
            sums = replace(self.loss.sums(pred, target, counts, ramp), denominators=denominators)
            with self._gradients_kept():
                self.manual_backward(self.loss.combine(sums, ramp)[0])
            numerators += sums.numerators.detach()
            errors += absolute_errors(pred.detach(), target, counts, std)[0]
        add_up_gradients(self.parameters())
        self._statistics.finish(add_up)
        total = add_up(torch.cat([numerators, errors, mask.sum()[None]]))
        return StepSums(LossSums(total[: len(numerators)], denominators), total[len(numerators) : -1], total[-1])

    def _log_step(self, sums: StepSums, step: int, ramp: float) -> None:
        loss, terms = self.loss.combine(sums.loss, ramp)
        self.last_train_loss = loss
        self.guard.update(loss, step)
        errors = sums.errors / sums.frames.clamp(min=1)
        values = {
            "train/loss": loss,
            **{f"train/{name}": value for name, value in terms.items()},
            "train/grad_norm": self._norm,
            "train/mae_db": errors.mean(),
            **{f"band/train_{name}": value for name, value in band_mae(errors).items()},
        }
        rate = float(self._optimizer.param_groups[0]["lr"])
        self._step_metrics.update(self.run_log, self.optimizer_steps, self.current_epoch, values, rate)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient; here because half precision has undone its scaling by now."""
        self._norm = torch.nn.utils.clip_grad_norm_(self.parameters(), self.recipe.clip_norm)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a diverged network, and start new sums."""
        self.guard.check()
        self._validation_sums = ValidationSums(self.model.scaler.std)

    def validation_step(self, batch: SegmentBatch, batch_idx: int) -> None:
        """Add a batch to the sums; always with the loss's final weights, so that losses stay comparable."""
        mask = self.window_mask(batch).flatten(0, 1)
        inputs = model_input(batch["frames"], self.pixel_mask)
        pred = self.windows(inputs, batch["length"]).flatten(0, 1)
        target = self.window_targets(batch["mel"]).flatten(0, 1)
        self._validation_sums.update(self.loss.sums(pred, target, mask, ramp=1.0), pred, target, mask)

    def on_validation_epoch_end(self) -> None:
        """Log the loss and errors over the whole split, and pass the loss to the scheduler."""
        loss, terms = self.loss.combine(self._validation_sums.loss(), ramp=1.0)
        self.guard.require(loss, "validation")
        errors, baseline = self._validation_sums.errors()
        self.log("val/loss", loss)
        self.log_dict({f"val/{name}": value for name, value in terms.items()})
        self.log_dict({"val/mae_db": errors.mean(), "val/mean_mel_mae_db": baseline.mean()})
        self.log_dict({f"band/val_{name}": value for name, value in band_mae(errors).items()})
        if in_fit(self.trainer):
            self._lower_rate(float(loss))
        if self.run_log is not None and self._example is not None and self.validations % self.recipe.show_every == 0:
            self._example.show(self.run_log, self.model, self.pixel_mask, self.optimizer_steps)
        self.validations += 1

    def configure_optimizers(self) -> Any:
        """AdamW, and ReduceLROnPlateau, which a recipe with a cosine does not use."""
        settings, plateau = self.recipe.optimizer, self.recipe.scheduler
        # One kernel for all weights. With a gradient scaler it would undo the scaling only inside the step, after
        # the gradients have been clipped.
        fused = self.device.type == "cuda" and self.trainer.precision != "16-mixed"
        optimizer = make_adamw(self.model.parameters(), settings, fused=fused)
        scheduler = ReduceLROnPlateau(
            optimizer, factor=plateau.factor, patience=plateau.patience, min_lr=plateau.min_lr
        )
        return [optimizer], [scheduler]

    @property
    def _optimizer(self) -> Optimizer:
        return self.trainer.optimizers[0]

    def _inputs(self, frames: Tensor) -> Tensor:
        """Frames (B, L, H, W) uint8 as the network receives them in training: augmented, then masked."""
        settings = self.recipe.data.augment
        if not settings.active:
            return model_input(frames, self.pixel_mask)
        changed = augment(model_input(frames), settings)
        return changed if self.pixel_mask is None else changed * self.pixel_mask

    def _gradients_kept(self) -> contextlib.AbstractContextManager[None]:
        """A pass whose gradients stay in the process.

        DDP would average them over the processes, while they are parts of a sum; and it handles each weight's by
        itself, hundreds of them, of which a captured backward pass makes all at once.
        """
        model = self.trainer.model
        return model.no_sync() if isinstance(model, DistributedDataParallel) else contextlib.nullcontext()

    def _set_rate(self, step: int) -> None:
        rate = self.recipe.rate(step)
        if rate is not None:
            for group in self._optimizer.param_groups:
                group["lr"] = rate

    def _lower_rate(self, loss: float) -> None:
        if self.recipe.rate(self.optimizer_steps) is not None:
            return
        scheduler = self.lr_schedulers()
        assert isinstance(scheduler, ReduceLROnPlateau)
        scheduler.step(loss)
        lr, least = self._optimizer.param_groups[0]["lr"], self.recipe.scheduler.min_lr
        # A recipe that starts at the minimum is meant to train at it.
        if lr <= least < self.recipe.optimizer.lr:
            self.stop_reason = f"the learning rate has reached {least:g}"
            self.trainer.should_stop = True
