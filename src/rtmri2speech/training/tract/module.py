"""Lightning module of the acoustic model that reads a measured tract."""

from __future__ import annotations

from typing import cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Optimizer

from rtmri2speech.models.tract.acoustic import TractAcousticModel, Voice
from rtmri2speech.training.averaging import AveragedModel
from rtmri2speech.training.engine.distributed import seed_of
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.losses import band_mae
from rtmri2speech.training.tract.augment import augment
from rtmri2speech.training.tract.bank import Batch, TractBank
from rtmri2speech.training.tract.losses import TractSums, tract_loss
from rtmri2speech.training.tract.recipe import TractRecipe
from rtmri2speech.training.training_module import TimedTrainingModule, make_adamw


class TractTraining(TimedTrainingModule):
    """Trains on tracts that lie on the device; a loader only counts them.

    Args:
        recipe: settings.
        model: the network, its scalers filled in.
        train: what batches are drawn from.
        validation: what is validated on.
    """

    recipe: TractRecipe

    def __init__(self, recipe: TractRecipe, model: TractAcousticModel, train: TractBank, validation: TractBank) -> None:
        super().__init__(recipe, NanGuard("tract"), StepMetrics("train/loss", "train/grad_norm"))
        self.model = model
        self.averaged = AveragedModel(model, recipe.ema)
        self.train_bank, self.validation_bank = train, validation

    @property
    def final_model(self) -> TractAcousticModel:
        """The averaged weights."""
        return cast(TractAcousticModel, self.averaged.model)

    def frames_in(self, batch: Tensor) -> int:
        """Frames of a batch, about."""
        return len(batch) * len(self.train_bank.rows) // len(self.train_bank)

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        """One optimizer step; of the batch, the number of items counts only."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        step = self.optimizer_steps
        self.set_rate(optimizer, step)
        seed = seed_of(self.recipe.seed, step)
        generator = torch.Generator(self.device).manual_seed(seed)
        torch.manual_seed(seed)
        data = self.recipe.data
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
            drawn = self.train_bank.draw(len(batch), data.segment_frames, data.augment.stretch, generator)
            rows = augment(drawn, data.augment, generator)
        optimizer.zero_grad()
        loss, terms = self._loss(rows, drawn, generator)
        self.manual_backward(loss)
        optimizer.step()
        self.averaged.update(self.model, step)
        self.log_step(loss.detach(), {name: term.detach() for name, term in terms.items()}, step)
        self.stop_in_time()

    def _loss(self, rows: Tensor, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        read = self.model.read(rows, batch.real)
        voice = self.model.voice(read, batch.real)
        f0_hz, voiced = self._given_voice(voice, batch, generator)
        scaled = self.model.sound(read, batch.real, f0_hz, voiced)
        return tract_loss(scaled, self.model.scaler(batch.mel_db), voice, batch, self.recipe.loss)

    def _given_voice(self, voice: Voice, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """F0 and voicing that the mel is made with: the true ones, in some utterances those that were predicted."""
        known = batch.f0_hz.isfinite().all(dim=1)
        own = torch.rand(len(known), generator=generator, device=self.device) < self.recipe.own_voice
        true = (known & ~own)[:, None]
        there = torch.nan_to_num(batch.f0_hz)
        predicted = voice.f0_hz.detach()
        return (
            torch.where(true & (there > 0), there, predicted),
            torch.where(true, (there > 0).float(), voice.voiced.detach()),
        )

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient; here because half precision has undone its scaling by now."""
        self._norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a diverged network."""
        self.guard.check()

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Measure the averaged weights on all validation recordings, the voice being the predicted one."""
        model = self.final_model
        sums = TractSums(model.scaler.std)
        for one in self.validation_bank.batches():
            scaled, voice = model(one.rows, one.real)
            target = model.scaler(one.mel_db)
            sums.update(tract_loss(scaled, target, voice, one, self.recipe.loss)[0], scaled, target, voice, one)
        loss = sums.loss()
        self.guard.require(loss, "validation")
        errors, floor = sums.errors()
        self.log("val/loss", loss)
        self.log_dict({"val/mae_db": errors.mean(), "val/mean_mel_mae_db": floor.mean()})
        self.log_dict({f"val/{name}": value for name, value in sums.figures().items()})
        self.log_dict({f"band/val_{name}": value for name, value in band_mae(errors).items()})
        self.validations += 1

    def configure_optimizers(self) -> Optimizer:
        """AdamW."""
        fused = self.device.type == "cuda" and self.trainer.precision != "16-mixed"
        return make_adamw(self.model.parameters(), self.recipe.optimizer, fused=fused)
