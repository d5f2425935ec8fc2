"""Whether frames are of the kind that a model was trained on, from the statistics that its BatchNorm layers have kept.

Every BatchNorm layer of the CNN backbone holds the variance V of each of its channels c over the training frames. With
v the variance over some frames of a recording, the measure is the mean over the layers of

    sqrt(mean over c of ln((v_c + eps) / (V_c + eps))^2).

Of the shipped model: 0.2 to 0.3 for simulated speakers, 1.2 to 1.4 for recordings of people from three scanners, 1.1
for simulated frames that are mirrored, 0.5 for such shifted by 8 of 256 pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import UInt8
from rtmri2speech.models.threads import single_core_threads
from rtmri2speech.signal.frames import model_input

LIMIT: Final = 0.7
"""Frames of which the measure is larger are of another kind."""

# Fewer frames than the least show too little of speech to say anything.
_FRAMES, _LEAST = 12, 4
# Running statistics forget their start by a tenth per step.
_STEPS = 100


class FrameSample:
    """A few frames of a clip, evenly spaced, taken while all of them pass by.

    Args:
        n_frames: frames of the clip.

    Attributes:
        frames: those taken so far.
    """

    def __init__(self, n_frames: int) -> None:
        self.frames: list[UInt8] = []
        self._wanted = set(np.linspace(0, n_frames - 1, min(_FRAMES, n_frames)).astype(int).tolist())

    def through(self, blocks: Iterable[UInt8]) -> Iterator[UInt8]:
        """The same blocks (n, H, W) again."""
        first = 0
        for block in blocks:
            self.frames += [
                block[index - first].copy() for index in range(first, first + len(block)) if index in self._wanted
            ]
            first += len(block)
            yield block


def sampled(blocks: Iterable[UInt8], n_frames: int) -> list[UInt8]:
    """A few of a clip's frames (H, W), evenly spaced.

    Args:
        blocks: all of them, (n, H, W) each.
        n_frames: how many there are.
    """
    sample = FrameSample(n_frames)
    for _ in sample.through(blocks):
        pass
    return sample.frames


def unfamiliarity(cnn: nn.Module, frames: list[UInt8], pixel_mask: Tensor | None) -> float | None:
    """How unlike the training's the frames are; None where that cannot be said.

    It cannot for fewer than four frames, and for a CNN without BatchNorm or with less than 100 steps of training.

    Args:
        cnn: backbone in eval mode with its BatchNorm, as :meth:`Bundle.build_acoustic` gives it.
        frames: each (H, W), uint8.
        pixel_mask: (H, W) on the CNN's device, or None.
    """
    layers = [part for part in cnn.modules() if isinstance(part, nn.BatchNorm2d)]
    trained = any(int(part.num_batches_tracked or 0) >= _STEPS for part in layers)
    if len(frames) < _LEAST or not trained:
        return None
    place, gray = next(cnn.parameters()).device, torch.from_numpy(np.stack(frames))
    # On a CPU a frame per core, whose maps fit in its cache: all cores on all frames took six times as long.
    alone = place.type == "cpu"
    with _watched(layers) as seen, single_core_threads(torch.get_num_threads() if alone else 1) as pool:

        def moments(piece: Tensor) -> dict[nn.Module, _Moments]:
            seen.moments = {}
            with torch.inference_mode():
                unit = model_input(piece.to(place), pixel_mask)
                cnn(unit[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last))
            return dict(seen.moments)

        passes = list(pool.map(moments, torch.split(gray, 1 if alone else len(gray))))
    found = []
    for layer in layers:
        if layer in passes[0]:
            assert layer.running_var is not None
            variance = _variance([one[layer] for one in passes])
            ratio = (variance + layer.eps) / (layer.running_var.double().cpu() + layer.eps)
            found.append(float(ratio.log().square().mean().sqrt()))
    return float(np.mean(found)) if found else None


class _Moments(NamedTuple):
    """Of some numbers of each channel: how many, their mean and the sum of squares about it, (C,) each."""

    size: int
    mean: Tensor
    squares: Tensor


@contextmanager
def _watched(layers: list[nn.BatchNorm2d]) -> Iterator[threading.local]:
    """While it lasts, each thread's ``moments`` get those of what every layer is given."""
    seen = threading.local()

    def keep(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        if hasattr(seen, "moments"):
            seen.moments[layer] = _moments(given[0])

    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _moments(maps: Tensor) -> _Moments:
    """Moments of each channel of feature maps (N, C, H, W).

    In two passes over rows of channels, since ``torch.var`` takes longer over maps whose channels lie side by side
    than the whole CNN does.
    """
    rows = maps.float().permute(0, 2, 3, 1).flatten(0, 2)
    mean = rows.mean(0)
    return _Moments(len(rows), mean.double().cpu(), (rows - mean).square_().sum(0).double().cpu())


def _variance(parts: Sequence[_Moments]) -> Tensor:
    """Variance of each channel, (C,), of numbers whose moments are known part by part.

    Source: Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance: analysis and
    recommendations", The American Statistician 37, 242-247.
    """
    counts = torch.tensor([float(part.size) for part in parts], dtype=torch.float64)[:, None]
    means, squares = (torch.stack(each) for each in zip(*((part.mean, part.squares) for part in parts), strict=True))
    mean = (counts * means).sum(0) / counts.sum()
    return (squares + counts * (means - mean).square()).sum(0) / (counts.sum() - 1)
