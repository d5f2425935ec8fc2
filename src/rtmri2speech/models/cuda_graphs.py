"""Capture GPU work once as CUDA graphs, then replay it.

Networks launch hundreds or thousands of small kernels; where the CPU needs longer for that than the GPU for the work,
or has something else to do, the GPU waits. A replay launches them all at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from rtmri2speech.errors import ConfigError

Result = TypeVar("Result")

# Rounds of work on the capturing stream before the capture, in which libraries initialize themselves.
_WARM_UPS = 2


class GraphCapture:
    """Captures pieces of work that share their memory: what one leaves, a later one may use.

    The pieces read and write the same tensors at every replay. They must be replayed in the order they were captured
    in, and nothing in them may be random or wait for the GPU.

    Args:
        remedy: how to go without graphs, for the message.
        search: try all of cuDNN's algorithms for every convolution first, instead of taking the one it recommends.
    """

    def __init__(self, remedy: str, *, search: bool = False) -> None:
        self._remedy = remedy
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
        random = torch.cuda.default_generators[torch.cuda.current_device()]
        state = random.clone_state()
        try:
            # Only this thread is watched: the loader's, which pins memory, may go on.
            with (
                self._safely(),
                torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"),
            ):
                result = work()
        except Exception:
            random.graphsafe_set_state(state)  # the one it has waits for the end of a capture that has ended
            raise
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
                f"The networks' work on this GPU cannot be captured for replay ({first}).", self._remedy
            ) from error
        finally:
            torch.backends.cudnn.benchmark = searching
