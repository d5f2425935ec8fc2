"""Lightning module of the vocoder training: HiFi-GAN (memo section 3)."""

from __future__ import annotations

from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import AdamW

from rtmri2speech.models.vocoder.discriminators import build_discriminator
from rtmri2speech.models.vocoder.generator import Generator, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import db_to_ln, ln_to_db
from rtmri2speech.training.engine.distributed import add_up
from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.engine.nan_guard import LossWatch
from rtmri2speech.training.engine.step_metrics import StepRecords
from rtmri2speech.training.losses import mel_l1
from rtmri2speech.training.recipes import OPTIMIZERS, VocoderRecipe
from rtmri2speech.training.vocoder.gan_step import RecordedTurns, Turns
from rtmri2speech.training.vocoder.mel_losses import MelSimilarity
from rtmri2speech.training.vocoder.validation_audio import Hearing

SoundBatch = tuple[Tensor, Tensor]
"""Mel spectrogram (B, F, M) in dB and waveform (B, F * hop)."""


class VocoderTraining(LightningModule):
    """Trains a generator against discriminators.

    Optimisation is manual, discriminators first, as in the released code. Nothing in a step is random, and the
    learning rate is a function of step and epoch, so that a resumed training needs no more than weights and moments.

    Args:
        recipe: settings.
        generator: the network with plain weights; weight norm is added here.
        features: the mel definition, that of the input and of the mel loss.
        hearing: what is measured and heard of validation utterances.
        low_precision: the discriminators compute in bfloat16.
    """

    def __init__(
        self,
        recipe: VocoderRecipe,
        generator: Generator,
        features: FeatureConfig,
        hearing: Hearing,
        *,
        low_precision: bool = False,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.recipe = recipe
        self.features = features
        self.generator = generator
        add_weight_norm(self.generator)
        divisor = recipe.discriminator_divisor
        self.discriminators = nn.ModuleList(build_discriminator(name, divisor) for name in recipe.discriminators)
        self.watch = LossWatch("vocoder")
        self.last_train_loss: Tensor | None = None
        self.stop_reason: str | None = None
        self.run_log: RunLog | None = None
        self._turns: Turns | RecordedTurns = Turns(
            self.generator,
            self.discriminators,
            MelSimilarity(recipe.loss, features),
            recipe.loss,
            low_precision=low_precision,
        )
        self._records = StepRecords("train/generator", "train/discriminator")
        self._hearing = hearing
        self.validations = 0
        self._error = torch.zeros(2)

    @property
    def optimizer_steps(self) -> int:
        """Batches trained on: steps of the generator."""
        return self.global_step // OPTIMIZERS

    def frames_in(self, batch: SoundBatch) -> int:
        """Mel frames of a batch of this process."""
        return batch[0].shape[0] * batch[0].shape[1]

    def synthesize(self, mel_db: Tensor) -> Tensor:
        """Mel spectrogram (B, F, M) in dB to waveform (B, F * hop)."""
        wave: Tensor = self.generator(_ln(mel_db))
        return wave

    def on_fit_start(self) -> None:
        """On a GPU, record the networks' work, if the recipe says so."""
        if self.recipe.cuda_graph and self.device.type == "cuda" and isinstance(self._turns, Turns):
            self._turns = RecordedTurns(self._turns, search=self.recipe.search_kernels)

    def training_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """One step of the discriminators, then one of the generator."""
        mel_db, real = batch
        for_generator, for_discriminators = cast(list[LightningOptimizer], self.optimizers())
        step = self.optimizer_steps
        rate = self.recipe.rate(step, self.current_epoch)
        listen = real.new_ones(()) if step >= self.recipe.discriminator_start else real.new_zeros(())
        share = self._share(len(real))

        found, gradients = self._turns.discriminators_turn(_ln(mel_db), real)
        norm_d = self._step(for_discriminators, self.discriminators, gradients, share, rate)
        values = dict(found)
        found, gradients = self._turns.generators_turn(real, listen)
        norm_g = self._step(for_generator, self.generator, gradients, share, rate)
        values |= found

        # What a replay returns, the next one overwrites.
        names, stacked = list(values), torch.stack(list(values.values()))
        losses = stacked if share is None else add_up(stacked * share)
        values = dict(zip(names, losses, strict=True))
        self.last_train_loss = values["train/mel"]
        self.watch.see(values["train/generator"] + values["train/discriminator"], step)
        values |= {"train/grad_norm": norm_g, "train/grad_norm_discriminators": norm_d}
        self._records.see(self.run_log, self.optimizer_steps, self.current_epoch, values, rate)

    def on_validation_epoch_start(self) -> None:
        """Refuse to validate a network that has come apart, and begin new sums."""
        self.watch.check()
        self._error = torch.zeros(2, device=self.device)
        self._hearing.begin()

    def validation_step(self, batch: SoundBatch, batch_idx: int) -> None:
        """Add the mel error of a whole utterance, weighted by its frames; measure and keep some of the sounds."""
        mel_db, real = batch
        frames = mel_db.shape[0] * mel_db.shape[1]
        wave = self.synthesize(mel_db)
        self._error = self._error + torch.stack([mel_l1(wave, real, self.features), self._error.new_ones(())]) * frames
        self._hearing.hear(batch_idx * self.trainer.world_size + self.global_rank, real, wave)

    def on_validation_epoch_end(self) -> None:
        """Log the mean absolute error of the mel spectrogram, which chooses the best model, and what was measured."""
        total, frames = add_up(self._error)
        error = total / frames.clamp(min=1)
        self.watch.require(error, "validation")
        self.log("val/loss", error)
        self.log("val/mae_db", ln_to_db(error))
        self.log_dict(self._hearing.measures(self.device))
        if self.run_log is not None and self.validations % self.recipe.show_every == 0:
            self._hearing.show(self.run_log, self.optimizer_steps)
        self.validations += 1

    def on_train_epoch_end(self) -> None:
        """Nothing that has come apart is saved."""
        self.watch.check()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the log depends on; a network that has come apart is not saved."""
        self.watch.check()
        checkpoint["validations"] = self.validations
        checkpoint["records"] = self._records.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what ``on_save_checkpoint`` kept."""
        self.validations = checkpoint.get("validations", 0)
        self._records.load(checkpoint["records"], self.device)

    def configure_optimizers(self) -> Any:
        """Adam for the generator and for all discriminators."""
        settings = self.recipe.optimizer
        # AdamW without weight decay is Adam, the memo's; with it, the released code's.
        return [
            AdamW(
                part.parameters(),
                lr=settings.lr,
                betas=settings.betas,
                eps=settings.eps,
                weight_decay=settings.weight_decay,
                fused=self.device.type == "cuda",
            )
            for part in (self.generator, self.discriminators)
        ]

    def _share(self, size: int) -> Tensor | None:
        """This process's share of a batch of all, of which it has ``size`` items; None where there is one process."""
        if self.trainer.world_size == 1:
            return None
        own = torch.tensor(float(size), device=self.device)
        return own / add_up(own)

    def _step(
        self,
        optimizer: LightningOptimizer,
        networks: nn.Module,
        gradients: Any,
        share: Tensor | None,
        rate: float,
    ) -> Tensor:
        """Step with the mean gradient of all processes; the norm it had before it was clipped."""
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


def _ln(mel_db: Tensor) -> Tensor:
    return db_to_ln(mel_db).transpose(1, 2)
