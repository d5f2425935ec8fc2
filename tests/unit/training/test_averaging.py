"""The average of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rtmri2speech.training.averaging import AveragedModel


def test_average_forgets_the_start_quickly_then_slowly() -> None:
    model = nn.BatchNorm1d(2)
    average = AveragedModel(model, 0.99)
    with torch.no_grad():
        model.weight.fill_(2.0)
        model.running_mean.fill_(1.0)  # type: ignore[union-attr]
        model.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    average.update(model, 0)
    kept = average.model.state_dict()
    assert kept["weight"].tolist() == pytest.approx([1.9, 1.9]) and kept["running_mean"].tolist() == pytest.approx(
        [0.9] * 2
    )
    assert int(kept["num_batches_tracked"]) == 7
    average.update(model, 10**6)
    assert kept["weight"].tolist() == pytest.approx([1.901, 1.901])
    assert not any(value.requires_grad for value in average.parameters())
