"""Capture GPU work once as CUDA graphs, then replay it.

A step launches thousands of small kernels; where the CPU needs longer for that than the GPU for the work, the GPU
waits. A replay launches them all at once.

``torch.cuda.make_graphed_callables`` does not do here: its warm-up rounds move BatchNorm's running statistics and the
vectors of spectral norm without putting them back, so that a resumed run would differ from one that never stopped; a
batch of another shape (the last one of an epoch) raises an error instead of running without the graph; and the two
halves of a GAN step share the generated waveforms across an optimizer step, which pairs of forward and backward graphs
cannot express.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rtmri2speech.errors import ConfigError

Result = TypeVar("Result")

# Rounds of work on the capturing stream before the capture, in which libraries initialize themselves.
_WARM_UPS = 2


class GraphCapture:
    """Captures pieces of work that share their memory: what one leaves, a later one may use.

    The pieces read and write the same tensors at every replay. They must be replayed in the order they were captured
    in, and nothing in them may be random or wait for the GPU.

    Args:
        setting: the recipe's field that switches graphs off, for the message.
        search: try all of cuDNN's algorithms for every convolution first, instead of taking the one it recommends.
    """

    def __init__(self, setting: str, *, search: bool = False) -> None:
        self._setting = setting
        self._search = search
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def warm_up(self, work: Callable[[], object], changed: Sequence[Tensor]) -> None:
        """Do all of the work a few times without capturing it.

        Args:
            work: everything that will be captured.
            changed: tensors that it changes in place; they get their values back.
        """
        before = [value.clone() for value in changed]
        self._stream.wait_stream(torch.cuda.current_stream())
        with self._safely(), torch.cuda.stream(self._stream):
            for _ in range(_WARM_UPS):
                work()
            with torch.no_grad():
                for value, kept in zip(changed, before, strict=True):
                    value.copy_(kept)
        torch.cuda.current_stream().wait_stream(self._stream)

    def capture(self, work: Callable[[], Result]) -> tuple[torch.cuda.CUDAGraph, Result]:
        """A graph to replay the work with, and the tensors that every replay fills anew.

        Raises:
            ConfigError: when the work cannot be captured.
        """
        graph = torch.cuda.CUDAGraph()
        # Only this thread is watched: the loader's, which pins memory, may go on.
        with (
            self._safely(),
            torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"),
        ):
            result = work()
        return graph, result

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        dtype: torch.dtype = torch.get_autocast_dtype("cuda")
        enabled = torch.is_autocast_enabled("cuda")
        searching = torch.backends.cudnn.benchmark
        torch.backends.cudnn.benchmark = searching or self._search
        try:
            # Weights must be cast again at every replay, not taken from autocast's cache.
            with torch.autocast("cuda", dtype, enabled=enabled, cache_enabled=False):
                yield
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConfigError(
                f"The networks' work on this GPU cannot be captured for replay ({first}).",
                f"Set {self._setting} to false.",
            ) from error
        finally:
            torch.backends.cudnn.benchmark = searching


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

        graphs = GraphCapture("acoustic.cuda_graph")
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
