"""The frame encoder's forward and backward pass as CUDA graphs.

``torch.cuda.make_graphed_callables`` does not do here: its warm-up rounds move BatchNorm's running statistics and the
vectors of spectral norm without putting them back, so that a resumed run would differ from one that never stopped; a
batch of another shape (the last one of an epoch) raises an error instead of running without the graph; and the two
halves of a GAN step share the generated waveforms across an optimizer step, which pairs of forward and backward graphs
cannot express.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rtmri2speech.models.cuda_graphs import GraphCapture


class CapturedEncoder:
    """An encoder that captures its forward and backward pass at the first batch, and replays them for that shape.

    Batches of another shape run without a graph: each graph would need memory of its own.
    A gradient it returns lies where the next replay writes, so only one pass may come between two optimizer steps.

    Args:
        encode: frames (N, H, W) to features (N, C), by ``network`` alone and with nothing random in it.
        network: whose parameters get gradients, in training mode on a GPU.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], network: nn.Module) -> None:
        self._encode = encode
        self._network = network
        self._passes: _Passes | None = None

    def __call__(self, frames: Tensor) -> Tensor:
        """Features (N, C) of frames (N, H, W).

        Raises:
            ConfigError: when the network does something that cannot be captured.
        """
        passes = self._passes
        if passes is None:
            self._passes = passes = _Passes(self._encode, self._network, frames)
        if frames.shape != passes.frames.shape:
            return self._encode(frames)
        features: Tensor = _Replay.apply(passes, frames, *passes.parameters)
        return features


class _Passes:
    """Forward and backward pass for one shape, and the tensors that they read and write."""

    def __init__(self, encode: Callable[[Tensor], Tensor], network: nn.Module, frames: Tensor) -> None:
        self.parameters = [value for value in network.parameters() if value.requires_grad]
        self.frames = frames.detach().clone()

        def gradients(features: Tensor, grad_features: Tensor) -> tuple[Tensor | None, ...]:
            return torch.autograd.grad(features, self.parameters, grad_features, allow_unused=True)

        def both() -> None:
            features = encode(self.frames)
            gradients(features, torch.zeros_like(features))

        graphs = GraphCapture("Set acoustic.cuda_graph to false.")
        graphs.warm_up(both, list(network.buffers()))  # the running statistics
        self.forward, features = graphs.capture(lambda: encode(self.frames))
        self.grad_features = torch.zeros_like(features)
        self.backward, self.gradients = graphs.capture(lambda: gradients(features, self.grad_features))
        self.features = features.detach()


class _Replay(torch.autograd.Function):
    """Captured passes as a step of autograd."""

    @staticmethod
    def forward(ctx: Any, passes: _Passes, frames: Tensor, *parameters: Tensor) -> Tensor:
        """Features (N, C) of frames (N, H, W)."""
        ctx.passes = passes
        passes.frames.copy_(frames)
        passes.forward.replay()
        return passes.features.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_features: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the parameters."""
        passes: _Passes = ctx.passes
        passes.grad_features.copy_(grad_features)
        passes.backward.replay()
        return None, None, *(None if value is None else value.detach() for value in passes.gradients)
