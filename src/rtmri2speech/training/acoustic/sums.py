"""Sums over batches and processes, from which losses and errors of the acoustic model follow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rtmri2speech.training.engine.distributed import add_up
from rtmri2speech.training.losses import LossSums, absolute_errors


@dataclass(frozen=True)
class StepSums:
    """Sums over the batch of an optimizer step, of all processes.

    Attributes:
        loss: numerators and denominators of the loss.
        errors: absolute error by mel bin, dB, shape (M,).
        frames: how many counted, a scalar.
    """

    loss: LossSums
    errors: Tensor
    frames: Tensor


class ValidationSums:
    """Sums over the validation batches of this process.

    Args:
        std: the scaler's standard deviations, dB, shape (M,).
    """

    def __init__(self, std: Tensor) -> None:
        self._std = std
        self._loss = LossSums(std.new_zeros(4), std.new_zeros(4))
        self._errors = std.new_zeros(2, len(std))  # the model's, and those of the mean mel
        self._frames = std.new_zeros(())

    def update(self, loss: LossSums, pred: Tensor, target: Tensor, mask: Tensor) -> None:
        """Add a batch of windows.

        Args:
            loss: the batch's.
            pred: shape (B, T, M), scaled mel.
            target: shape (B, T, M), scaled mel.
            mask: shape (B, T), 1 where the frame counts.
        """
        self._loss = self._loss + loss
        errors, frames = absolute_errors(pred, target, mask, self._std)
        # The scaler's mean is the training split's, 0 when scaled: what a model that learned nothing would predict.
        baseline, _ = absolute_errors(torch.zeros_like(target), target, mask, self._std)
        self._errors = self._errors + torch.stack([errors, baseline])
        self._frames = self._frames + frames

    def loss(self) -> LossSums:
        """Sums of the loss over all processes."""
        return LossSums(add_up(self._loss.numerators), add_up(self._loss.denominators))

    def errors(self) -> tuple[Tensor, Tensor]:
        """Mean absolute error by mel bin over all processes, dB: the model's and the mean mel's, each (M,)."""
        errors, baseline = add_up(self._errors) / add_up(self._frames).clamp(min=1)
        return errors, baseline
