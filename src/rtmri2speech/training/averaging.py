"""A moving average of weights, which validates better than the weights of any single step."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class AveragedModel(nn.Module):
    """Exponential moving average of a model's weights and of its running statistics.

    Not ``torch.optim.swa_utils.AveragedModel``: its decay is the same from the first step on, when the weights are
    random still. Here it is min(decay, (1 + n) / (10 + n)) after n steps, as in TensorFlow.

    Args:
        model: whose weights are averaged.
        decay: share of the average that stays at each step.

    Attributes:
        model: the average.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.model = deepcopy(model).requires_grad_(False).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Add the weights of a step, counted from 0."""
        share = 1.0 - min(self._decay, (1 + step) / (10 + step))
        mine, theirs = self.model.state_dict(), model.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[name] for name in floats], [theirs[name] for name in floats], share)
        for name in mine.keys() - set(floats):
            mine[name].copy_(theirs[name])
