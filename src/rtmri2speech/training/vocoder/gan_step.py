"""The two turns of adversarial training: losses and gradients of the discriminators, then of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from rtmri2speech.models.vocoder.discriminators import Judgement
from rtmri2speech.training.engine.cuda_graphs import Recorder
from rtmri2speech.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss
from rtmri2speech.training.recipes import VocoderLossConfig
from rtmri2speech.training.vocoder.mel_losses import MelSimilarity

Turn = tuple[dict[str, Tensor], Sequence[Tensor]]
"""Losses by name, scalars, and the gradient of each parameter of the networks whose turn it is."""


class Turns:
    """Losses and gradients, which an optimiser then uses; the generator's turn follows the discriminators' step.

    Args:
        generator: mel spectrograms (B, M, F) in ln(power) to waveforms (B, N).
        discriminators: each judges waveforms (B, N).
        similarity: the generator's losses that need no discriminator.
        weights: of the losses that do.
        low_precision: the discriminators compute in bfloat16; all else in float32.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminators: nn.ModuleList,
        similarity: MelSimilarity,
        weights: VocoderLossConfig,
        *,
        low_precision: bool = False,
    ) -> None:
        self.generator = generator
        self.discriminators = discriminators
        self._similarity = similarity
        self._weights = weights
        self._low_precision = low_precision
        self._fake: Tensor | None = None

    def judge(self, wave: Tensor) -> Judgement:
        """Logits and feature maps of every sub-discriminator for waveforms (B, N)."""
        with torch.autocast(wave.device.type, torch.bfloat16, enabled=self._low_precision, cache_enabled=False):
            judged = [discriminator(wave) for discriminator in self.discriminators]
        logits = [values.float() for found, _ in judged for values in found]
        return logits, list(chain.from_iterable(maps for _, maps in judged))

    def discriminators_turn(self, ln_mel: Tensor, real: Tensor) -> Turn:
        """Generate, and tell generated from recorded waveforms (B, N)."""
        self._fake = fake = self.generator(ln_mel)
        size = len(real)
        logits, _ = self.judge(torch.cat([real, fake.detach()]))
        loss = discriminator_loss([part[:size] for part in logits], [part[size:] for part in logits])
        return {"train/discriminator": loss.detach()}, torch.autograd.grad(loss, list(self.discriminators.parameters()))

    def generators_turn(self, real: Tensor, listen: Tensor) -> Turn:
        """Losses of what the turn before has generated.

        Args:
            real: shape (B, N).
            listen: a scalar, 1 to listen to the discriminators, 0 to learn from the similarity alone.
        """
        fake = self._fake
        assert fake is not None
        with torch.no_grad():
            _, real_maps = self.judge(real)
        logits, fake_maps = self.judge(fake)
        adversarial = adversarial_loss(logits)
        feature = feature_matching_loss(real_maps, fake_maps)
        similar = self._similarity(fake, real)
        total = listen * (self._weights.adversarial * adversarial + self._weights.feature * feature)
        for name, value in similar.items():
            total = total + self._similarity.weights[name] * value
        gradients = torch.autograd.grad(total, list(self.generator.parameters()))
        self._fake = None
        values = {"train/generator": total, "train/adversarial": adversarial, "train/feature": feature, **similar}
        return {name: value.detach() for name, value in values.items()}, gradients


class RecordedTurns:
    """The same on a GPU, replayed from CUDA graphs for batches of the first one's shape.

    Args:
        turns: what is recorded.
        search: look for the fastest algorithms first.
    """

    def __init__(self, turns: Turns, *, search: bool = False) -> None:
        self._turns = turns
        self._search = search
        self._inputs: tuple[Tensor, Tensor, Tensor] | None = None
        self._recorded = False  # whether the turn before was a replay

    def discriminators_turn(self, ln_mel: Tensor, real: Tensor) -> Turn:
        """As in :class:`Turns`.

        Raises:
            ConfigError: when the networks do something that cannot be recorded.
        """
        if self._inputs is None:
            self._record(ln_mel, real)
        assert self._inputs is not None
        self._recorded = ln_mel.shape == self._inputs[0].shape
        if not self._recorded:
            return self._turns.discriminators_turn(ln_mel, real)
        self._inputs[0].copy_(ln_mel)
        self._inputs[1].copy_(real)
        self._graphs[0].replay()
        return self._results[0]

    def generators_turn(self, real: Tensor, listen: Tensor) -> Turn:
        """As in :class:`Turns`."""
        if not self._recorded:
            return self._turns.generators_turn(real, listen)
        assert self._inputs is not None
        self._inputs[2].copy_(listen)
        self._graphs[1].replay()
        return self._results[1]

    def _record(self, ln_mel: Tensor, real: Tensor) -> None:
        turns = self._turns
        self._inputs = mels, waves, listen = ln_mel.clone(), real.clone(), real.new_ones(())

        def both() -> None:
            turns.discriminators_turn(mels, waves)
            turns.generators_turn(waves, listen)

        recorder = Recorder("vocoder.cuda_graph", search=self._search)
        recorder.warm_up(both, list(turns.discriminators.buffers()))  # spectral norm's vectors
        first = recorder.record(lambda: turns.discriminators_turn(mels, waves))
        second = recorder.record(lambda: turns.generators_turn(waves, listen))
        self._graphs = first[0], second[0]
        self._results = first[1], second[1]
