"""The segmenter's loss, over the pixels whose class is known."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rtmri2speech.data.labels import UNKNOWN
from rtmri2speech.training.segmenter.recipe import SegmenterLossConfig


class SegmentationLoss(nn.Module):
    """Weighted cross entropy, and 1 - soft Dice (Milletari, Navab and Ahmadi 2016, arXiv:1606.04797).

    Dice is that of the whole batch by class, the mean over the classes that occur in it, so that a thin one counts as
    much as the background. Pixels that are ``UNKNOWN`` count in neither.

    Args:
        config: weights.
    """

    weights: Tensor

    def __init__(self, config: SegmenterLossConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("weights", torch.tensor(config.weights()), persistent=False)

    def forward(self, logits: Tensor, classes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, and its terms by name, of logits (B, C, H, W) for classes (B, H, W), long."""
        logits = logits.float()
        entropy = self._cross_entropy(logits, classes)
        dice = 1.0 - soft_dice(logits.softmax(dim=1), classes)
        loss = self.config.cross_entropy * entropy + self.config.dice * dice
        return loss, {"cross_entropy": entropy, "dice": dice}

    def _cross_entropy(self, logits: Tensor, classes: Tensor) -> Tensor:
        smoothing = self.config.label_smoothing
        total = functional.cross_entropy(
            logits, classes, self.weights, ignore_index=UNKNOWN, reduction="sum", label_smoothing=smoothing
        )
        known = classes != UNKNOWN
        counted = self.weights[torch.where(known, classes, 0)] * known
        return total / counted.sum().clamp(min=1e-9)


def soft_dice(probabilities: Tensor, classes: Tensor) -> Tensor:
    """Mean over the classes that occur of 2 sum(p t) / (sum(p) + sum(t)): (B, C, H, W) and (B, H, W) to a scalar."""
    known = (classes != UNKNOWN)[:, None]
    count = probabilities.shape[1]
    target = functional.one_hot(torch.where(known[:, 0], classes, 0), count).movedim(-1, 1) * known
    axes = (0, 2, 3)
    common = (probabilities * target).sum(axes)
    predicted, true = (probabilities * known).sum(axes), target.sum(axes)
    occurs = true > 0
    dice = 2.0 * common / (predicted + true).clamp(min=1e-9)
    return (dice * occurs).sum() / occurs.sum().clamp(min=1)
