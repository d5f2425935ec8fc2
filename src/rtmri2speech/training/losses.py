"""Losses of both models: the weighted mel loss of the acoustic model and HiFi-GAN's three.

Those of the reference configuration are defined in docs/reference/memo.md, sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from rtmri2speech.config import Config
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_ln

TERMS = ("mse", "delta", "accel", "latest")
"""Terms of the acoustic loss, in the order of every vector of terms below."""


class BandWeights(Config):
    """Weight of each band at the end of the ramp (reference configuration, section 2)."""

    f0: float = Field(2.0, ge=0, description="mel bins 0-5")
    f1: float = Field(3.0, ge=0, description="mel bins 6-15")
    f2: float = Field(2.4, ge=0, description="mel bins 16-31")
    f3: float = Field(1.6, ge=0, description="mel bins 32-47")
    high: float = Field(1.8, ge=0, description="mel bins 48 and above")


class AcousticLossConfig(Config):
    """Every coefficient of the acoustic loss (reference configuration, section 2).

    The ramp goes from 0 to 1 in ``ramp_steps`` optimizer steps: weights from 1 to the values here, coefficients
    from the first to the second of each pair.
    """

    ramp_steps: int = Field(120_000, ge=0, description="optimizer steps of the ramp; 0 starts at its end")
    bands: BandWeights = Field(default_factory=BandWeights, description="weights over mel bins")
    first_frames: tuple[float, ...] = Field(
        (1.6, 1.45, 1.3, 1.2, 1.15, 1.1, 1.05, 1.02), description="weights of a window's first frames; later ones 1"
    )
    delta: tuple[float, float] = Field((0.30, 0.45), description="coefficient of the first differences")
    accel: tuple[float, float] = Field((0.10, 0.15), description="coefficient of the second differences")
    latest: tuple[float, float] = Field((0.20, 0.40), description="coefficient of the last valid frame")

    def ramp(self, step: int) -> float:
        """Position r = min(1, step / ramp_steps) on the ramp."""
        return 1.0 if step >= self.ramp_steps else step / self.ramp_steps

    def coefficients(self, ramp: float) -> tuple[float, float, float, float]:
        """Coefficients of the four terms at a position of the ramp."""
        delta, accel, latest = (a + (b - a) * ramp for a, b in (self.delta, self.accel, self.latest))
        return 1.0, delta, accel, latest


@dataclass(frozen=True)
class LossSums:
    """Numerators and denominators of the four terms, each shape (4,); they add up over batches.

    Kept apart because a ratio of sums does not depend on how the data are cut into batches: validation is the
    same for every batch size, and micro-batches divided by the whole batch's denominators give its gradient.
    """

    numerators: Tensor
    denominators: Tensor

    def __add__(self, other: Self) -> LossSums:
        return LossSums(self.numerators + other.numerators, self.denominators + other.denominators)


class AcousticLoss(nn.Module):
    """The ``MaskedMSEMAE`` of the reference configuration (section 2): weighted squared errors of four kinds.

    With r the position on the ramp, w_f = (1-r) + r * band weight, w_t = (1-r) + r * frame weight, d = pred -
    target and mask m: mse = sum(d^2 w_f w_t m) / sum(w_f w_t m); delta and accel the same on first and second
    differences over time, where every frame of the difference must count; latest on the last valid frame alone.

    Args:
        config: coefficients.
        n_mels: number of mel bins M.
    """

    _band_weights: Tensor
    _first_frames: Tensor

    def __init__(self, config: AcousticLossConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config
        weights = torch.ones(n_mels)
        for name, bins in band_slices(n_mels).items():
            weights[bins] = getattr(config.bands, name)
        # Not persistent: the loss is not part of a checkpoint.
        self.register_buffer("_band_weights", weights, persistent=False)
        self.register_buffer("_first_frames", torch.tensor(config.first_frames), persistent=False)

    def forward(self, pred: Tensor, target: Tensor, mask: Tensor, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of one batch of windows at an optimizer step.

        Args:
            pred: shape (B, T, M), scaled mel.
            target: shape (B, T, M), scaled mel.
            mask: shape (B, T), 1 where the frame counts, 0 where it contributes nothing.
            step: optimizer steps taken so far.

        Returns:
            The loss, a scalar, and its terms before their coefficients.
        """
        ramp = self.config.ramp(step)
        return self.combine(self.sums(pred, target, mask, ramp), ramp)

    def combine(self, sums: LossSums, ramp: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss and terms from sums. A term nothing contributes to (difference of one frame) is 0."""
        empty = sums.denominators <= 0
        terms = sums.numerators / torch.where(empty, torch.ones_like(sums.denominators), sums.denominators)
        # Numbers, not a tensor: copying one to a GPU would wait for everything still to be computed there.
        weighted = [factor * term for factor, term in zip(self.config.coefficients(ramp), terms, strict=True)]
        return torch.stack(weighted).sum(), dict(zip(TERMS, terms, strict=True))

    def sums(self, pred: Tensor, target: Tensor, mask: Tensor, ramp: float) -> LossSums:
        """Numerators and denominators of the terms. Shapes as in ``forward``."""
        mask = mask.float()
        # where, not a product: nothing in a frame that does not count, not even NaN, may contribute.
        difference = torch.where((mask > 0)[..., None], pred.float() - target.float(), 0.0)
        w_f = self._band_weights_at(ramp)
        velocity = difference[:, 1:] - difference[:, :-1]
        errors = [difference, velocity, velocity[:, 1:] - velocity[:, :-1], difference]
        weights = self._time_weights(mask, ramp)
        numerators = [(e.square() * w_f * w[..., None]).sum() for e, w in zip(errors, weights, strict=True)]
        return LossSums(torch.stack(numerators), self.denominators(mask, ramp))

    def denominators(self, mask: Tensor, ramp: float) -> Tensor:
        """Denominators of the terms, shape (4,), which need the mask (B, T) only."""
        total = self._band_weights_at(ramp).sum()
        return torch.stack([weights.sum() * total for weights in self._time_weights(mask.float(), ramp)])

    def _band_weights_at(self, ramp: float) -> Tensor:
        return (1.0 - ramp) + ramp * self._band_weights

    def _time_weights(self, mask: Tensor, ramp: float) -> list[Tensor]:
        """Weight of each frame, or difference, in the four terms: (B, T), (B, T-1), (B, T-2), (B, T)."""
        frames = mask.shape[1]
        first = self._first_frames[:frames]
        w_t = (1.0 - ramp) + ramp * F.pad(first, (0, frames - len(first)), value=1.0)
        pairs = mask[:, 1:] * mask[:, :-1]
        triples = pairs[:, 1:] * mask[:, :-2]
        # The last valid frame is the one after which no frame counts.
        valid = (mask > 0).float()
        after = valid.flip(1).cumsum(1).flip(1)
        latest = valid * (after == 1).float()
        return [w_t * mask, w_t[1:] * pairs, w_t[2:] * triples, latest]


def absolute_errors(pred: Tensor, target: Tensor, mask: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Sum over frames of the absolute error in dB by mel bin, shape (M,), and the number of frames, a scalar.

    Args:
        pred: shape (B, T, M), scaled mel.
        target: shape (B, T, M), scaled mel.
        mask: shape (B, T).
        std: shape (M,), the scaler's standard deviations in dB, which undo the scaling of a difference.
    """
    error = torch.where((mask > 0)[..., None], (pred.float() - target.float()).abs() * std, 0.0)
    return (error * mask.float()[..., None]).sum((0, 1)), mask.float().sum()


def band_mae(by_bin: Tensor) -> dict[str, Tensor]:
    """Mean absolute error of each band, dB, from the error by mel bin, shape (M,)."""
    return {name: by_bin[bins].mean() for name, bins in band_slices(len(by_bin)).items()}


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Least squares: real logits to 1, generated ones to 0, summed over sub-discriminators (HiFi-GAN eq. 1)."""
    return torch.stack([(1 - r).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]).sum()


def adversarial_loss(fake: Sequence[Tensor]) -> Tensor:
    """Least squares: logits of generated sound to 1, summed over sub-discriminators (HiFi-GAN eq. 2)."""
    return torch.stack([(1 - logits).square().mean() for logits in fake]).sum()


def feature_matching_loss(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean absolute difference of feature maps, summed over layers and sub-discriminators (HiFi-GAN eq. 4)."""
    pairs = [pair for maps in zip(real, fake, strict=True) for pair in zip(*maps, strict=True)]
    return torch.stack([(f - r.detach()).abs().mean(dtype=torch.float32) for r, f in pairs]).sum()


def mel_l1(generated: Tensor, real: Tensor, features: FeatureConfig) -> Tensor:
    """Mean absolute difference of ln(mel power), floored as everywhere (HiFi-GAN eq. 3).

    Args:
        generated: shape (B, N), waveform.
        real: shape (B, N), waveform.
        features: definition of the mel spectrogram.
    """
    with torch.autocast(generated.device.type, enabled=False):  # powers near the floor need float32
        return F.l1_loss(mel_ln(generated.float(), features), mel_ln(real.float(), features))
