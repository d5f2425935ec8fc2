"""The frame encoder on a GPU, on many pieces of one size: captured once as a CUDA graph, then replayed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.cuda_graphs import GraphCapture

# A capture takes as long as some six pieces, of which a replay saves a third: less than that many is not worth it.
_AT_FIRST = 8


class CapturedPieces:
    """Work on pieces of a long clip, on a GPU.

    The first pieces, and those of another size, run kernel by kernel; the rest by a graph, which needs no more of a
    core than copying the frames: the same core decodes them. Where a graph cannot be had, all run kernel by kernel.

    Args:
        work: gets a piece on the device; nothing in it is random or waits for the GPU.
        size: frames of a piece that is to be replayed.
        device: the GPU.
    """

    def __init__(self, work: Callable[[Tensor], Tensor], size: int, device: torch.device) -> None:
        self._work = work
        self._size = size
        self._device = device
        self._left = _AT_FIRST
        self._captured: _Captured | None = None

    def __call__(self, frames: Tensor) -> Tensor:
        """What the work makes of a piece (n, H, W) on the CPU; a tensor on the GPU that no later piece changes."""
        if len(frames) == self._size:
            if self._left:
                self._left -= 1
                if not self._left:
                    self._captured = _captured(self._work, frames, self._device)
            if self._captured is not None:
                return self._captured(frames)
        return self._work(frames.to(self._device))


def _captured(work: Callable[[Tensor], Tensor], frames: Tensor, device: torch.device) -> _Captured | None:
    try:
        return _Captured(work, frames, device)
    except (ConfigError, torch.OutOfMemoryError):
        return None


class _Captured:
    """Work captured for pieces of the shape of ``frames``."""

    def __init__(self, work: Callable[[Tensor], Tensor], frames: Tensor, device: torch.device) -> None:
        # The GPU itself fetches frames from pinned memory, so that nobody waits for a piece that it is still busy with.
        self._sent = torch.empty_like(frames, pin_memory=True)
        self._fetched = torch.cuda.Event()  # type: ignore[no-untyped-call]
        given = self._given = frames.to(device)
        capture = GraphCapture("Use `device=cpu`.")
        capture.warm_up(lambda: work(given), ())
        self._graph, self._made = capture.capture(lambda: work(given))

    def __call__(self, frames: Tensor) -> Tensor:
        self._fetched.synchronize()  # the piece before; what came before that is done then: no more than one waits
        self._sent.copy_(frames)
        self._given.copy_(self._sent, non_blocking=True)
        self._fetched.record()
        self._graph.replay()
        return self._made.clone()
