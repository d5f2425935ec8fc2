"""Cross entropy and Dice over known pixels."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from rtmri2speech.data.labels import UNKNOWN
from rtmri2speech.errors import ConfigError
from rtmri2speech.training.segmenter.losses import SegmentationLoss, soft_dice
from rtmri2speech.training.segmenter.recipe import SegmenterLossConfig


def test_cross_entropy_is_the_weighted_mean_of_torch() -> None:
    config = SegmenterLossConfig(dice=0.0, label_smoothing=0.1)
    logits, classes = torch.randn(2, 11, 6, 5), torch.randint(11, (2, 6, 5))
    loss, terms = SegmentationLoss(config)(logits, classes)
    weights = torch.tensor(config.weights())
    plain = functional.cross_entropy(logits, classes, weights, label_smoothing=0.1)
    torch.testing.assert_close(loss, plain)
    assert set(terms) == {"cross_entropy", "dice"}


def test_unknown_pixels_do_not_count() -> None:
    loss = SegmentationLoss(SegmenterLossConfig())
    logits, classes = torch.randn(1, 11, 4, 8), torch.randint(11, (1, 4, 8))
    alone = loss(logits[..., :5], classes[..., :5])[0]
    classes[..., 5:] = UNKNOWN
    logits[..., 5:] = 100.0 * torch.randn(1, 11, 4, 3)
    logits.requires_grad_(True)
    value = loss(logits, classes)[0]
    torch.testing.assert_close(value, alone)
    value.backward()
    assert logits.grad is not None and logits.grad[..., 5:].abs().max() == 0
    assert torch.isfinite(loss(logits, torch.full_like(classes, UNKNOWN))[0])


def test_dice_is_the_mean_over_the_classes_that_occur() -> None:
    classes = torch.tensor([[[0, 0], [1, 1]]])
    sure = functional.one_hot(classes, 11).movedim(-1, 1).float()
    torch.testing.assert_close(soft_dice(sure, classes), torch.tensor(1.0))
    wrong = functional.one_hot(torch.tensor([[[0, 0], [1, 0]]]), 11).movedim(-1, 1).float()
    torch.testing.assert_close(soft_dice(wrong, classes), torch.tensor((2 * 2 / 5 + 2 * 1 / 3) / 2))


def test_weights_of_no_class_are_refused() -> None:
    with pytest.raises(ConfigError, match="no class is named tooth"):
        SegmenterLossConfig.parse({"class_weights": {"tooth": 2}}, "here")
