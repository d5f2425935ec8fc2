"""BatchNorm's running statistics, independent of gradient accumulation and of the number of processes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rtmri2speech.models.gradient_checkpointing import batch_norms


class StepStatistics:
    """Updates the running statistics once per optimizer step, by the mean over all passes of the step.

    PyTorch updates them at every pass: sixteen windows in passes of four would weigh the last pass most, and
    every process would have statistics of its own.

    Args:
        network: whose BatchNorm layers are updated.
    """

    def __init__(self, network: nn.Module) -> None:
        self._layers = batch_norms(network)
        self._momenta = [layer.momentum if layer.momentum is not None else 0.1 for layer in self._layers]
        self._active = False
        self._passes = 0
        self._weights: Tensor | None = None

    def begin(self, passes: int, world: int) -> None:
        """Before the first pass of a step.

        Args:
            passes: forward passes that this process will make.
            world: number of processes.
        """
        # A single pass is what PyTorch handles by itself.
        self._active = bool(self._layers) and (passes > 1 or world > 1)
        self._passes = 0
        if self._active:
            self._before = self._flat()
            self._sum = torch.zeros_like(self._before)
            for layer in self._layers:
                # The layers then hold the statistics of the latest pass alone. One value for all passes, because a
                # captured CUDA graph keeps the one it was captured with.
                layer.momentum = 1.0

    def next_pass(self) -> None:
        """Before every pass: add the statistics of the pass before."""
        if not self._active:
            return
        if self._passes:
            self._sum += self._flat()
        self._passes += 1

    def finish(self, add_up: Callable[[Tensor], Tensor]) -> None:
        """After the last pass.

        Args:
            add_up: sum of a tensor over all processes.
        """
        if not self._active:
            return
        for layer, momentum in zip(self._layers, self._momenta, strict=True):
            layer.momentum = momentum
        values = self._values()
        self._sum += self._flat()
        # Filled on the device: a number that is copied there waits for all the work before it.
        total = add_up(torch.cat([self._sum, self._sum.new_full((1,), float(self._passes))]))
        if self._weights is None:
            momenta = [momentum for momentum in self._momenta for _ in range(2)]
            parts = [
                value.new_full((value.numel(),), momentum) for value, momentum in zip(values, momenta, strict=True)
            ]
            self._weights = torch.cat(parts)
        moved = torch.lerp(self._before, total[:-1] / total[-1], self._weights)
        for layer in self._layers if self._passes > 1 else ():
            if layer.num_batches_tracked is not None:
                layer.num_batches_tracked -= self._passes - 1  # it counts steps
        torch._foreach_copy_(values, list(torch.split(moved, [value.numel() for value in values])))

    def _flat(self) -> Tensor:
        return torch.cat([value.flatten() for value in self._values()])

    def _values(self) -> list[Tensor]:
        found = [value for layer in self._layers for value in (layer.running_mean, layer.running_var)]
        return [value for value in found if value is not None]
