"""Lightning module of the vocoder training: HiFi-GAN (memo section 3)."""

from __future__ import annotations

from itertools import chain
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import ExponentialLR

from rtmri2speech.models.discriminators import Judgement, MultiPeriodDiscriminator, MultiScaleDiscriminator
from rtmri2speech.models.vocoder import Generator, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import db_to_ln, ln_to_db
from rtmri2speech.training.log import RunLog
from rtmri2speech.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss, mel_l1
from rtmri2speech.training.recipes import VocoderRecipe
from rtmri2speech.training.records import StepRecords
from rtmri2speech.training.watch import LossWatch

OPTIMIZERS = 2
"""Optimiser steps of a batch, each of which Lightning counts in ``global_step``."""

SoundBatch = tuple[Tensor, Tensor]
"""Mel spectrogram (B, F, M) in dB and waveform (B, F * hop)."""


class VocoderTraining(LightningModule):
    """Trains a generator against period and scale discriminators.

    Optimisation is manual, discriminators first, as in the released code.

    Args:
        recipe: settings.
        generator: the network with plain weights; weight norm is added here.
        features: the mel definition, that of the input and of the mel loss.
    """

    def __init__(self, recipe: VocoderRecipe, generator: Generator, features: FeatureConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.recipe = recipe
        self.features = features
        self.generator = generator
        add_weight_norm(self.generator)
        divisor = recipe.discriminator_divisor
        self.discriminators = nn.ModuleList([MultiPeriodDiscriminator(divisor), MultiScaleDiscriminator(divisor)])
        self.watch = LossWatch("vocoder")
        self.last_train_loss: Tensor | None = None
        self.stop_reason: str | None = None
        self.run_log: RunLog | None = None
        self._records = StepRecords("train/generator", "train/discriminator")
        self._error = torch.zeros(())
        self._frames = 0

    @property
    def optimizer_steps(self) -> int:
        """Batches trained on: steps of the generator."""
        return self.global_step // OPTIMIZERS

    def frames_in(self, batch: SoundBatch) -> int:
        """Mel frames of a batch."""
        return batch[0].shape[0] * batch[0].shape[1]

    def judge(self, wave: Tensor) -> Judgement:
        """Logits and feature maps of every sub-discriminator for waveforms (B, N)."""
        judged = [discriminator(wave) for discriminator in self.discriminators]
        return list(chain.from_iterable(logits for logits, _ in judged)), list(
            chain.from_iterable(maps for _, maps in judged)
        )

    def synthesize(self, mel_db: Tensor) -> Tensor:
        """Mel spectrogram (B, F, M) in dB to waveform (B, F * hop)."""
        wave: Tensor = self.generator(db_to_ln(mel_db).transpose(1, 2))
        return wave

    def training_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """One step of the discriminators, then one of the generator."""
        mel_db, real = batch
        for_generator, for_discriminators = cast(list[LightningOptimizer], self.optimizers())
        step = self.optimizer_steps
        fake = self.synthesize(mel_db)

        for_discriminators.zero_grad()
        loss_d = discriminator_loss(self.judge(real)[0], self.judge(fake.detach())[0])
        self.manual_backward(loss_d)
        for_discriminators.step()

        for_generator.zero_grad()
        with torch.no_grad():
            _, real_maps = self.judge(real)
        fake_logits, fake_maps = self.judge(fake)
        weights = self.recipe.loss
        adversarial = adversarial_loss(fake_logits)
        feature = feature_matching_loss(real_maps, fake_maps)
        mel = mel_l1(fake, real, self.features)
        loss_g = weights.adversarial * adversarial + weights.feature * feature + weights.mel * mel
        self.manual_backward(loss_g)
        for_generator.step()
        # The generator's loss has left gradients in the discriminators; a checkpoint or a resumed run
        # must not depend on them.
        for_discriminators.zero_grad()

        self.last_train_loss = mel.detach()
        self.watch.see(loss_g + loss_d, step)
        values = {
            "train/mel": mel,
            "train/generator": loss_g,
            "train/discriminator": loss_d,
            "train/adversarial": adversarial,
            "train/feature": feature,
        }
        rate = float(for_generator.param_groups[0]["lr"])
        self._records.see(self.run_log, self.optimizer_steps, self.current_epoch, values, rate)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a network that has come apart, and begin new sums."""
        self.watch.check()
        self._error, self._frames = torch.zeros((), device=self.device), 0

    def validation_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """Add the mel error of a whole utterance, weighted by its frames."""
        mel_db, real = batch
        frames = mel_db.shape[0] * mel_db.shape[1]
        self._error = self._error + mel_l1(self.synthesize(mel_db), real, self.features) * frames
        self._frames += frames

    def on_validation_epoch_end(self) -> None:
        """Log the mean absolute error of the mel spectrogram, which chooses the best model."""
        if not self._frames:
            return
        error = self._error / self._frames
        self.watch.require(error, "validation")
        self.log("val/loss", error)
        self.log("val/mae_db", ln_to_db(error))

    def on_train_epoch_end(self) -> None:
        """Lower the learning rates; nothing that has come apart is saved."""
        self.watch.check()
        for scheduler in cast(list[ExponentialLR], self.lr_schedulers()):
            scheduler.step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the log depends on; a network that has come apart is not saved."""
        self.watch.check()
        checkpoint["records"] = self._records.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what ``on_save_checkpoint`` kept."""
        self._records.load(checkpoint["records"], self.device)

    def configure_optimizers(self) -> Any:
        """Adam for the generator and for all discriminators, each with its decay."""
        settings = self.recipe.optimizer
        # AdamW without weight decay is Adam, the memo's; with it, the released code's.
        optimizers = [
            AdamW(
                part.parameters(),
                lr=settings.lr,
                betas=settings.betas,
                eps=settings.eps,
                weight_decay=settings.weight_decay,
            )
            for part in (self.generator, self.discriminators)
        ]
        return optimizers, [ExponentialLR(optimizer, self.recipe.lr_decay) for optimizer in optimizers]
