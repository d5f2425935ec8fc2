"""Sums over validation batches."""

from __future__ import annotations

import torch

from rtmri2speech.training.acoustic.sums import ValidationSums
from rtmri2speech.training.losses import AcousticLoss, AcousticLossConfig


def test_batches_add_up_to_the_whole_and_masked_frames_do_not_count() -> None:
    torch.manual_seed(0)
    pred, target, std = torch.randn(6, 4, 16), torch.randn(6, 4, 16), torch.rand(16) + 1.0
    mask = (torch.rand(6, 4) > 0.3).float()
    loss = AcousticLoss(AcousticLossConfig(), 16)
    whole, parts = ValidationSums(std), ValidationSums(std)
    whole.update(loss.sums(pred, target, mask, 1.0), pred, target, mask)
    for part in (slice(0, 1), slice(1, 6)):
        sums = loss.sums(pred[part], target[part], mask[part], 1.0)
        parts.update(sums, pred[part], target[part], mask[part])
    torch.testing.assert_close(parts.loss().numerators, whole.loss().numerators)
    torch.testing.assert_close(parts.loss().denominators, whole.loss().denominators)
    counted = mask > 0
    errors, baseline = parts.errors()
    torch.testing.assert_close(errors, ((pred - target).abs() * std)[counted].mean(0))
    torch.testing.assert_close(baseline, (target.abs() * std)[counted].mean(0))
