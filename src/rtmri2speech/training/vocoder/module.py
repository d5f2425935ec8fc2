"""Lightning module of the vocoder: HiFi-GAN (reference configuration, docs/reference/memo.md section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from rtmri2speech.models.vocoder.discriminators import build_discriminator
from rtmri2speech.models.vocoder.generator import Generator, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import db_to_ln, ln_to_db
from rtmri2speech.training.engine.distributed import add_up
from rtmri2speech.training.engine.nan_guard import NanGuard, no_items
from rtmri2speech.training.engine.step_metrics import StepMetrics
from rtmri2speech.training.losses import mel_l1
from rtmri2speech.training.recipes import OPTIMIZERS, VocoderRecipe
from rtmri2speech.training.training_module import TrainingModule, make_adamw
from rtmri2speech.training.vocoder.gan_step import CapturedGanStep, GanStep
from rtmri2speech.training.vocoder.mel_losses import MelLosses
from rtmri2speech.training.vocoder.validation_audio import ValidationAudio

SoundBatch = tuple[Tensor, ...]
"""Mel spectrogram (B, F, M) in dB, waveform (B, F * hop); to train a source also F0 and where to use it, as in
:class:`~rtmri2speech.training.vocoder.pitch_targets.SoundsWithPitch`."""


class VocoderTraining(TrainingModule):
    """Trains a generator against discriminators.

    Optimization is manual, discriminators first, as in the released code. Nothing in a step is random, and the
    learning rate is a function of step and epoch, so that a resumed run needs no more than weights and moments.

    Args:
        recipe: settings.
        generator: the network with plain weights; weight norm is added here.
        features: the mel definition, that of the input and of the mel loss.
        audio: measures validation utterances and keeps some of their sound.
        low_precision: the discriminators compute in bfloat16.
        items_of: names of the recordings in the batch of a step, for the message about a diverged run.
    """

    recipe: VocoderRecipe

    def __init__(
        self,
        recipe: VocoderRecipe,
        generator: Generator,
        features: FeatureConfig,
        audio: ValidationAudio,
        *,
        low_precision: bool = False,
        items_of: Callable[[int], list[str]] = no_items,
    ) -> None:
        metrics = StepMetrics("train/generator", "train/discriminator")
        super().__init__(recipe, NanGuard("vocoder", items_of), metrics)
        self.features = features
        self.generator = generator
        add_weight_norm(self.generator)
        divisor = recipe.discriminator_divisor
        self.discriminators = nn.ModuleList(build_discriminator(name, divisor) for name in recipe.discriminators)
        self._gan: GanStep | CapturedGanStep = GanStep(
            self.generator,
            self.discriminators,
            MelLosses(recipe.loss, features),
            recipe.loss,
            low_precision=low_precision,
        )
        self._audio = audio
        self._error = torch.zeros(2)

    @property
    def optimizer_steps(self) -> int:
        """Batches trained on: updates of the generator."""
        return self.global_step // OPTIMIZERS

    def frames_in(self, batch: SoundBatch) -> int:
        """Mel frames of a batch of this process."""
        return batch[0].shape[0] * batch[0].shape[1]

    def synthesize(self, mel_db: Tensor) -> Tensor:
        """Mel spectrogram (B, F, M) in dB to waveform (B, F * hop)."""
        wave: Tensor = self.generator(_generator_input(mel_db))
        return wave

    def on_fit_start(self) -> None:
        """On a GPU, capture the networks' work, if the recipe says so."""
        if self.recipe.cuda_graph and self.device.type == "cuda" and isinstance(self._gan, GanStep):
            self._gan = CapturedGanStep(self._gan, search=self.recipe.search_kernels)

    def training_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """Update the discriminators, then the generator."""
        mel_db, real, *pitch = batch
        for_generator, for_discriminators = cast(list[LightningOptimizer], self.optimizers())
        step = self.optimizer_steps
        rate = self.recipe.rate(step, self.current_epoch)
        gate = real.new_ones(()) if step >= self.recipe.discriminator_start else real.new_zeros(())
        share = self._share(len(real))

        found, gradients = self._gan.discriminator_gradients(_generator_input(mel_db), real, *pitch)
        norm_d = self._update(for_discriminators, self.discriminators, gradients, share, rate)
        values = dict(found)
        found, gradients = self._gan.generator_gradients(real, gate)
        norm_g = self._update(for_generator, self.generator, gradients, share, rate)
        values |= found

        # The next replay overwrites what a replay returns.
        names, stacked = list(values), torch.stack(list(values.values()))
        losses = stacked if share is None else add_up(stacked * share)
        values = dict(zip(names, losses, strict=True))
        self.last_train_loss = values["train/mel"]
        self.guard.update(values["train/generator"] + values["train/discriminator"], step)
        values |= {"train/grad_norm": norm_g, "train/grad_norm_discriminators": norm_d}
        self._step_metrics.update(self.run_log, self.optimizer_steps, self.current_epoch, values, rate)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a diverged network, and start new sums."""
        self.guard.check()
        self._error = torch.zeros(2, device=self.device)
        self._audio.reset()

    def validation_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """Add the mel error of a whole utterance, weighted by its frames; measure and keep some of the sounds."""
        mel_db, real = batch[:2]
        frames = mel_db.shape[0] * mel_db.shape[1]
        wave = self.synthesize(mel_db)
        self._error = self._error + torch.stack([mel_l1(wave, real, self.features), self._error.new_ones(())]) * frames
        self._audio.update(batch_idx * self.trainer.world_size + self.global_rank, real, wave)

    def on_validation_epoch_end(self) -> None:
        """Log the mean absolute error of the mel spectrogram, which chooses the best model, and the other measures."""
        total, frames = add_up(self._error)
        error = total / frames.clamp(min=1)
        self.guard.require(error, "validation")
        self.log("val/loss", error)
        self.log("val/mae_db", ln_to_db(error))
        self.log_dict(self._audio.compute(self.device))
        if self.run_log is not None and self.validations % self.recipe.show_every == 0:
            self._audio.log_sounds(self.run_log, self.optimizer_steps)
        self.validations += 1

    def configure_optimizers(self) -> Any:
        """Adam for the generator and for all discriminators."""
        settings = self.recipe.optimizer
        # AdamW without weight decay is Adam, as in the reference configuration; with it, the released code's.
        return [
            make_adamw(part.parameters(), settings, fused=self.device.type == "cuda")
            for part in (self.generator, self.discriminators)
        ]

    def _share(self, size: int) -> Tensor | None:
        """The fraction of a batch that this process has, ``size`` items; None where there is one process."""
        if self.trainer.world_size == 1:
            return None
        own = torch.tensor(float(size), device=self.device)
        return own / add_up(own)

    def _update(
        self,
        optimizer: LightningOptimizer,
        networks: nn.Module,
        gradients: Any,
        share: Tensor | None,
        rate: float,
    ) -> Tensor:
        """Update the networks with the mean gradient of all processes; its norm before it was clipped."""
        if share is not None:
            # Not Lightning's exchange, which expects a backward pass through all networks at once.
            flat = add_up(torch.cat([value.flatten() for value in gradients]) * share)
            parts = torch.split(flat, [value.numel() for value in gradients])
            gradients = [part.view_as(value) for part, value in zip(parts, gradients, strict=True)]
        parameters = list(networks.parameters())
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        most = self.recipe.clip_norm
        norm = torch.nn.utils.clip_grad_norm_(parameters, float("inf") if most is None else most)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
        return norm


def _generator_input(mel_db: Tensor) -> Tensor:
    """Mel spectrogram (B, F, M) in dB to ln(power), (B, M, F)."""
    return db_to_ln(mel_db).transpose(1, 2)
