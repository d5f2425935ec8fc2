"""What tests of maps need of a network: frames that can be changed one at a time, and targets that respond.

The tests run on any regression network that reads frames; ours (:mod:`.clip_probe`) is one of them. An example with a
network of one's own::

    probe = FrameProbe(network, frames)                        # frames (n, H, W), network(frames) -> (n,) or (n, K)
    maps = {"gradient x input": saliency}                      # (n, h, w), signed, of any resolution
    curves = deletion_insertion(probe, maps)                   # RISE
    print(curves.gains("gradient x input", "insertion"))       # against orders that know nothing of the network
    agreement = region_correlation(probe, maps, masks)         # masks (R, H, W), bool
    print(agreement["gradient x input"].signed)                # rank correlation of attribution and effect
    steps = cascade(network, lambda model: {"gradient x input": explain(model, frames)})
    print([(one.step, one.rank) for one in steps])             # weights permuted from the output to the input
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float64

Predict = Callable[[Tensor], Tensor]
"""Frames (n, ..., H, W) to K numbers for each, (n, K), or one, (n,)."""


class Probe(Protocol):
    """Frames of which one at a time is changed, and K targets that respond."""

    @property
    def frames(self) -> Tensor:
        """All frames, (T, ..., H, W), in any gray scale."""
        ...

    @property
    def in_sequence(self) -> bool:
        """Whether frames follow each other in time."""
        ...

    @property
    def mean(self) -> Tensor:
        """The mean frame in the gray scale that the network reads, (..., H, W), on its device."""
        ...

    def frame(self, number: int) -> Tensor:
        """A frame in the gray scale that the network reads, (..., H, W), on its device."""
        ...

    def respond(self, number: int, changed: Tensor) -> Float64:
        """Every target at a frame that is replaced while all others stay: (m, ..., H, W) to (K, m)."""
        ...


class FrameProbe:
    """Any callable that reads frames independently of each other. For one that reads context, implement :class:`Probe`.

    Args:
        predict: frames to targets; a network in eval mode.
        frames: (T, ..., H, W), float, as the network reads them, on its device.
        in_sequence: whether frames follow each other in time; then motion is one of the baselines.
        at_once: frames passed to ``predict`` at a time.
    """

    def __init__(self, predict: Predict, frames: Tensor, *, in_sequence: bool = False, at_once: int = 64) -> None:
        self.frames = frames
        self.in_sequence = in_sequence
        self.mean = frames.mean(dim=0)
        self._predict = predict
        self._at_once = at_once

    def frame(self, number: int) -> Tensor:
        """A frame, (..., H, W)."""
        return self.frames[number]

    def respond(self, number: int, changed: Tensor) -> Float64:
        """Every target of changed frames: (m, ..., H, W) to (K, m)."""
        with torch.no_grad():
            values = torch.cat([self._predict(part) for part in torch.split(changed, self._at_once)])
        return np.asarray(values.reshape(len(changed), -1).T.double().cpu().numpy())
