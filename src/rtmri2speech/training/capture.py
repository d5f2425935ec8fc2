"""The image network's work on a GPU, recorded once as CUDA graphs and replayed.

A step launches more than a thousand small kernels; where the CPU needs longer for that than the GPU for the work, the
GPU waits. A replay launches them all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rtmri2speech.errors import ConfigError

# Passes on the recording's stream before it, in which libraries set themselves up.
_WARM_UPS = 2


class CapturedEncoder:
    """An encoder that records its forward and backward pass at the first batch, and replays them for all of its shape.

    Batches of another shape run as they would without: each recording would need memory of its own.
    A gradient it returns lies where the next replay writes, so only one pass may come between two optimiser steps.

    Args:
        encode: frames (N, H, W) to features (N, C), by ``network`` alone and with nothing random in it.
        network: whose parameters get gradients, in training mode on a GPU.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], network: nn.Module) -> None:
        self._encode = encode
        self._network = network
        self._recording: _Recording | None = None

    def __call__(self, frames: Tensor) -> Tensor:
        """Features (N, C) of frames (N, H, W).

        Raises:
            ConfigError: when the network does something that cannot be recorded.
        """
        recording = self._recording
        if recording is None:
            try:
                self._recording = recording = _Recording(self._encode, self._network, frames)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                first = (str(error).splitlines() or [type(error).__name__])[0]
                raise ConfigError(
                    f"The image network cannot be recorded for replay ({first}).", "Set acoustic.cuda_graph to false."
                ) from error
        if frames.shape != recording.frames.shape:
            return self._encode(frames)
        features: Tensor = _Replay.apply(recording, frames, *recording.parameters)
        return features


class _Recording:
    """Forward and backward pass for one shape, and the tensors they read and write.

    Args:
        encode, network: as in :class:`CapturedEncoder`.
        frames: a batch of the shape.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], network: nn.Module, frames: Tensor) -> None:
        pool = torch.cuda.graph_pool_handle()  # of both passes: the one needs what the other keeps
        self.parameters = [value for value in network.parameters() if value.requires_grad]
        self.frames = frames.detach().clone()
        self.forward, self.backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        dtype: torch.dtype = torch.get_autocast_dtype("cuda")
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        before = [value.clone() for value in network.buffers()]
        stream.wait_stream(torch.cuda.current_stream())
        # Weights must be cast anew at every replay, not taken from autocast's cache.
        with torch.autocast("cuda", dtype, enabled=torch.is_autocast_enabled("cuda"), cache_enabled=False):
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UPS):
                    features = encode(self.frames)
                    self._gradients(features, torch.zeros_like(features))
                del features
                for value, kept in zip(network.buffers(), before, strict=True):
                    value.copy_(kept)  # the running statistics have seen this batch
            torch.cuda.current_stream().wait_stream(stream)
            # Of this thread only: the loader's, which pins memory, may go on.
            with torch.cuda.graph(self.forward, pool, stream, capture_error_mode="thread_local"):
                features = encode(self.frames)
            self.grad_features = torch.zeros_like(features)
            with torch.cuda.graph(self.backward, pool, stream, capture_error_mode="thread_local"):
                self.gradients = self._gradients(features, self.grad_features)
        self.features = features.detach()

    def _gradients(self, features: Tensor, grad_features: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(features, self.parameters, grad_features, allow_unused=True)


class _Replay(torch.autograd.Function):
    """A recording as a step of autograd."""

    @staticmethod
    def forward(ctx: Any, recording: _Recording, frames: Tensor, *parameters: Tensor) -> Tensor:
        """Features (N, C) of frames (N, H, W)."""
        ctx.recording = recording
        recording.frames.copy_(frames)
        recording.forward.replay()
        return recording.features.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_features: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the parameters."""
        recording: _Recording = ctx.recording
        recording.grad_features.copy_(grad_features)
        recording.backward.replay()
        return None, None, *(None if value is None else value.detach() for value in recording.gradients)
