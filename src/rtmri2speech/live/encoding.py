"""Frames to features while they come: several frames at a time, a core each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.models.threads import single_core_threads
from rtmri2speech.signal.frames import GrayLimits, model_input, normalize_frames

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model


class Encoder:
    """A model's CNN on frames as they come.

    Args:
        model: with a network of frames.
        pool: threads that run it, one frame each.
    """

    def __init__(self, model: Model, pool: ThreadPoolExecutor) -> None:
        self._model, self._pool = model, pool
        # Built once, before threads ask for it.
        self._features_of = model.encoder or model.acoustic.encode
        self._mask, self._dtype = model.pixel_mask, model.acoustic.head.weight.dtype

    def submit(self, frame: NDArray[Any], limits: GrayLimits | None) -> Future[Tensor]:
        """Features (C,) of a gray frame (h, w), to come."""
        return self._pool.submit(self._encode, frame, limits)

    def seconds_per_frame(self) -> float:
        """CPU time that a frame takes, all threads together, while all of them are busy.

        In the first run of a network, several times that of the others.
        """
        size = self._model.frames.size
        blank = torch.zeros(size, size, dtype=torch.uint8).numpy()
        count = 2 * max(torch.get_num_threads(), 2)
        began = time.process_time()
        for done in [self.submit(blank, (0.0, 1.0)) for _ in range(count)]:
            done.result()
        return (time.process_time() - began) / count

    @torch.inference_mode()
    def _encode(self, frame: NDArray[Any], limits: GrayLimits | None) -> Tensor:
        prepared = torch.from_numpy(normalize_frames(frame[None], self._model.frames, limits))
        gray = model_input(prepared.to(self._model.device), self._mask)
        features: Tensor = self._features_of(gray)[0].to(self._dtype)
        return features


@contextmanager
def encoder(model: Model) -> Iterator[Encoder]:
    """An encoder with as many threads as PyTorch has been given; one on a GPU."""
    threads = torch.get_num_threads() if model.device.type == "cpu" else 1
    with single_core_threads(threads) as pool:
        yield Encoder(model, pool)
