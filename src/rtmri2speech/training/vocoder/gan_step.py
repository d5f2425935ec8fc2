"""The two halves of a GAN step: losses and gradients of the discriminators, then of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from rtmri2speech.models.cuda_graphs import GraphCapture
from rtmri2speech.models.vocoder.generator import Generator
from rtmri2speech.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss
from rtmri2speech.training.recipes import VocoderLossConfig
from rtmri2speech.training.vocoder.mel_losses import MelLosses
from rtmri2speech.training.vocoder.pitch_targets import pitch_losses, training_voice

LossesAndGradients = tuple[dict[str, Tensor], Sequence[Tensor]]
"""Losses by name, scalars, and the gradient of each parameter of the networks that are about to be updated."""


class GanStep:
    """Losses and gradients for the optimizers; the discriminators are updated before the generator's half.

    Args:
        generator: mel spectrograms (B, M, F) in ln(power) to waveforms (B, N); one with a source learns its F0 too.
        discriminators: each takes waveforms (B, N).
        mel_losses: the generator's losses that need no discriminator.
        weights: of the losses that do.
        low_precision: the discriminators compute in bfloat16; everything else in float32.
    """

    def __init__(
        self,
        generator: Generator,
        discriminators: nn.ModuleList,
        mel_losses: MelLosses,
        weights: VocoderLossConfig,
        *,
        low_precision: bool = False,
    ) -> None:
        self.generator = generator
        self.discriminators = discriminators
        self._mel_losses = mel_losses
        self._weights = weights
        self._low_precision = low_precision
        self._fake: Tensor | None = None
        self._pitch: dict[str, Tensor] = {}

    def discriminate(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Logits and feature maps of every sub-discriminator for waveforms (B, N)."""
        with torch.autocast(wave.device.type, torch.bfloat16, enabled=self._low_precision, cache_enabled=False):
            outputs = [discriminator(wave) for discriminator in self.discriminators]
        logits = [values.float() for found, _ in outputs for values in found]
        return logits, list(chain.from_iterable(maps for _, maps in outputs))

    def discriminator_gradients(self, ln_mel: Tensor, real: Tensor, *pitch: Tensor) -> LossesAndGradients:
        """Generate waveforms, and discriminate them from recorded ones.

        Args:
            ln_mel: shape (B, M, F).
            real: shape (B, N).
            pitch: with a harmonic source, the recorded F0 (B, F, K) and where the generator is given it, bool (B,).
        """
        self._fake = fake = self._generated(ln_mel, *pitch)
        size = len(real)
        logits, _ = self.discriminate(torch.cat([real, fake.detach()]))
        loss = discriminator_loss([part[:size] for part in logits], [part[size:] for part in logits])
        return {"train/discriminator": loss.detach()}, torch.autograd.grad(loss, list(self.discriminators.parameters()))

    def generator_gradients(self, real: Tensor, adversarial_gate: Tensor) -> LossesAndGradients:
        """Losses of the waveforms that :meth:`discriminator_gradients` generated.

        Args:
            real: shape (B, N).
            adversarial_gate: a scalar, 1 to learn from the discriminators too, 0 to learn from the mel losses alone.
        """
        fake = self._fake
        assert fake is not None
        with torch.no_grad():
            _, real_maps = self.discriminate(real)
        logits, fake_maps = self.discriminate(fake)
        adversarial = adversarial_loss(logits)
        feature = feature_matching_loss(real_maps, fake_maps)
        mel = self._mel_losses(fake, real)
        total = adversarial_gate * (self._weights.adversarial * adversarial + self._weights.feature * feature)
        for name, value in mel.items():
            total = total + self._mel_losses.weights[name] * value
        for value in self._pitch.values():
            total = total + self._weights.pitch * value
        gradients = torch.autograd.grad(total, list(self.generator.parameters()))
        values = {"train/generator": total, "train/adversarial": adversarial, "train/feature": feature, **mel}
        values |= self._pitch
        self._fake, self._pitch = None, {}
        return {name: value.detach() for name, value in values.items()}, gradients

    def _generated(self, ln_mel: Tensor, *pitch: Tensor) -> Tensor:
        source, voice = self.generator.source, None
        if source is not None:
            f0, recorded = pitch
            predicted = source(ln_mel)
            self._pitch = pitch_losses(predicted, f0)
            voice = training_voice(source, predicted, f0, recorded)
        wave: Tensor = self.generator(ln_mel, voice)
        return wave


class CapturedGanStep:
    """The same on a GPU, replayed from CUDA graphs for batches of the first one's shape.

    Args:
        step: what is captured.
        search: look for the fastest algorithms first.
    """

    def __init__(self, step: GanStep, *, search: bool = False) -> None:
        self._step = step
        self._search = search
        self._inputs: tuple[Tensor, ...] | None = None  # the gate is the third
        self._replaying = False  # whether the discriminators' half was a replay

    def discriminator_gradients(self, ln_mel: Tensor, real: Tensor, *pitch: Tensor) -> LossesAndGradients:
        """As in :class:`GanStep`.

        Raises:
            ConfigError: when the networks do something that cannot be captured.
        """
        if self._inputs is None:
            self._capture(ln_mel, real, *pitch)
        assert self._inputs is not None
        self._replaying = ln_mel.shape == self._inputs[0].shape
        if not self._replaying:
            return self._step.discriminator_gradients(ln_mel, real, *pitch)
        mels, waves, _, *pitches = self._inputs
        for kept, given in zip((mels, waves, *pitches), (ln_mel, real, *pitch), strict=True):
            kept.copy_(given)
        self._graphs[0].replay()
        return self._results[0]

    def generator_gradients(self, real: Tensor, adversarial_gate: Tensor) -> LossesAndGradients:
        """As in :class:`GanStep`."""
        if not self._replaying:
            return self._step.generator_gradients(real, adversarial_gate)
        assert self._inputs is not None
        self._inputs[2].copy_(adversarial_gate)
        self._graphs[1].replay()
        return self._results[1]

    def _capture(self, ln_mel: Tensor, real: Tensor, *pitch: Tensor) -> None:
        step = self._step
        mels, waves, gate, pitches = ln_mel.clone(), real.clone(), real.new_ones(()), [one.clone() for one in pitch]
        self._inputs = mels, waves, gate, *pitches

        def both() -> None:
            step.discriminator_gradients(mels, waves, *pitches)
            step.generator_gradients(waves, gate)

        graphs = GraphCapture("Set vocoder.cuda_graph to false.", search=self._search)
        graphs.warm_up(both, list(step.discriminators.buffers()))  # spectral norm's vectors
        first = graphs.capture(lambda: step.discriminator_gradients(mels, waves, *pitches))
        second = graphs.capture(lambda: step.generator_gradients(waves, gate))
        self._graphs = first[0], second[0]
        self._results = first[1], second[1]
