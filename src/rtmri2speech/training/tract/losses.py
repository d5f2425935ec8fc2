"""Losses of the tract model, and what is measured of it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from rtmri2speech.models.tract.acoustic import Voice, log_base_of, log_ratio, neutral_formants
from rtmri2speech.training.engine.distributed import add_up
from rtmri2speech.training.tract.bank import Batch
from rtmri2speech.training.tract.recipe import TractLossConfig

_QUIETEST_DB = -60.0
_LN_DB = 10.0 / torch.log(torch.tensor(10.0)).item()


def level_db(mel_db: Tensor, real: Tensor) -> Tensor:
    """Level of each frame by that of the loudest one of its recording, (B, L), dB, -60 at least.

    Args:
        mel_db: (B, L, M).
        real: (B, L), bool.
    """
    level = _LN_DB * (mel_db / _LN_DB).logsumexp(dim=-1)
    loudest = torch.where(real, level, torch.full_like(level, -torch.inf)).amax(dim=1, keepdim=True)
    return (level - loudest).clamp(min=_QUIETEST_DB)


def mean_over(values: Tensor, where: Tensor) -> Tensor:
    """Mean of values (...) where they count; 0 where none does."""
    return torch.where(where, values, torch.zeros_like(values)).sum() / where.sum().clamp(min=1)


def tract_loss(
    scaled: Tensor, target: Tensor, voice: Voice, batch: Batch, config: TractLossConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of a batch, and its terms before their weights.

    Args:
        scaled, target: (B, L, M), scaled mel as predicted and as it is.
        voice: as predicted.
        batch: with the truth.
        config: weights.
    """
    real = batch.real
    error = (scaled.float() - target).abs().mean(dim=-1)
    delta = (scaled.float().diff(dim=1) - target.diff(dim=1)).abs().mean(dim=-1)
    known = real & batch.f0_hz.isfinite()
    f0 = torch.where(known, batch.f0_hz, torch.zeros_like(batch.f0_hz))
    voiced = f0 > 0
    base = log_base_of(f0)
    formants = batch.formants_hz.isfinite() & voiced[..., None]
    neutral = neutral_formants(batch.formants_hz)
    true = log_ratio(torch.where(formants, batch.formants_hz, neutral), neutral)
    cross_entropy = binary_cross_entropy_with_logits(voice.voicing, voiced.float(), reduction="none")
    terms = {
        "mel": mean_over(error, real),
        "mel_delta": mean_over(delta, real[:, 1:] & real[:, :-1]),
        "f0": mean_over((voice.log_f0 - (log_ratio(f0) - base.nan_to_num(0.0)[:, None])).abs(), voiced),
        "base": mean_over((voice.log_base - base.nan_to_num(0.0)).abs(), base.isfinite()),
        "voicing": mean_over(cross_entropy, known),
        "loudness": mean_over((voice.loudness - level_db(batch.mel_db, real)).abs(), real),
        "formants": mean_over((voice.log_formants - true).abs(), formants),
    }
    return torch.stack([getattr(config, name) * term for name, term in terms.items()]).sum(), terms


class TractSums:
    """What is measured over the validation recordings.

    Args:
        std: of the mel's scaler, (M,), dB.
    """

    def __init__(self, std: Tensor) -> None:
        self._std = std
        zero = std.new_zeros(())
        self._mel, self._floor = torch.zeros_like(std), torch.zeros_like(std)
        self._sums = dict.fromkeys(("frames", "loss", "recordings", "square", "voiced", "unlike", "known"), zero)
        self._formants: list[Tensor] = []

    def update(self, loss: Tensor, scaled: Tensor, target: Tensor, voice: Voice, batch: Batch) -> None:
        """Add recordings; arguments as of :func:`tract_loss`."""
        real = batch.real[..., None]
        self._mel = self._mel + (torch.where(real, (scaled.float() - target).abs(), 0.0).sum((0, 1)) * self._std)
        self._floor = self._floor + (torch.where(real, target.abs(), 0.0).sum((0, 1)) * self._std)
        known = batch.real & batch.f0_hz.isfinite()
        true, found = known & (batch.f0_hz > 0), known & (voice.voicing > 0)
        both = true & found
        square = torch.where(both, (voice.f0_hz - batch.f0_hz).square(), 0.0).sum()
        added = {
            "frames": batch.real.sum(),
            "loss": loss * len(batch.real),
            "recordings": torch.tensor(float(len(batch.real)), device=loss.device),
            "square": square,
            "voiced": both.sum(),
            "unlike": (true != found).sum(),
            "known": known.sum(),
        }
        self._sums = {name: value + added[name] for name, value in self._sums.items()}
        wanted = true[..., None] & batch.formants_hz.isfinite()
        off = (voice.formants_hz / batch.formants_hz - 1.0).abs()
        self._formants.append(torch.where(wanted, off, torch.full_like(off, torch.nan)).flatten(0, 1))

    def loss(self) -> Tensor:
        """Mean over recordings."""
        return add_up(self._sums["loss"]) / add_up(self._sums["recordings"])

    def errors(self) -> tuple[Tensor, Tensor]:
        """Mean absolute error by mel bin, dB: the model's and that of the mean mel, (M,) each."""
        return self._mel / self._sums["frames"], self._floor / self._sums["frames"]

    def figures(self) -> dict[str, Tensor]:
        """F0's error, voicing's, and the formants' median relative errors; NaN where nothing is known."""
        sums = self._sums
        formants = torch.cat(self._formants).nanmedian(dim=0).values
        return {
            "f0_rmse_hz": (sums["square"] / sums["voiced"]).sqrt(),
            "vuv_error": sums["unlike"] / sums["known"],
            **{f"f{number + 1}_error_median": formants[number] for number in range(3)},
        }
