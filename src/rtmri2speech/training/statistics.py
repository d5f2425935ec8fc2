"""BatchNorm's running statistics, which must not depend on how a batch is cut into passes or shared by processes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rtmri2speech.models.recompute import batch_norms


class StepStatistics:
    """Moves the running statistics once an optimiser step, by the mean over all passes of the step.

    PyTorch moves them at every pass: sixteen windows in passes of four would weigh the last pass most, and
    processes side by side would each have statistics of their own.

    Args:
        network: its BatchNorm layers are looked after.
    """

    def __init__(self, network: nn.Module) -> None:
        self._layers = batch_norms(network)
        self._momenta = [layer.momentum if layer.momentum is not None else 0.1 for layer in self._layers]
        self._before: list[Tensor] = []
        self._passes = 0

    def begin(self) -> None:
        """Before the first pass of a step."""
        self._before = [value.clone() for value in self._values()]
        self._passes = 0

    def next_pass(self) -> None:
        """Before every pass: the layers hold the mean over the passes so far."""
        self._passes += 1
        for layer in self._layers:
            layer.momentum = 1.0 / self._passes

    def finish(self, add_up: Callable[[Tensor], Tensor]) -> None:
        """After the last pass.

        Args:
            add_up: sum of a tensor over all processes.
        """
        values = self._values()
        for layer, momentum in zip(self._layers, self._momenta, strict=True):
            layer.momentum = momentum
        if not values:
            return
        flat = torch.cat([value.flatten() for value in values]) * self._passes
        total = add_up(torch.cat([flat, flat.new_tensor([float(self._passes)])]))
        means = torch.split(total[:-1] / total[-1], [value.numel() for value in values])
        weights = [momentum for momentum in self._momenta for _ in range(2)]
        for value, before, mean, weight in zip(values, self._before, means, weights, strict=True):
            torch.lerp(before, mean.view_as(before), weight, out=value)

    def _values(self) -> list[Tensor]:
        found = [value for layer in self._layers for value in (layer.running_mean, layer.running_var)]
        return [value for value in found if value is not None]
