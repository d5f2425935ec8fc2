"""Whether frames are of the kind that a model was trained on, from the statistics that its BatchNorm layers have kept.

Every BatchNorm layer of the CNN backbone holds the variance V of each of its channels c over the training frames. With
v the variance over some frames of a recording, the measure is the mean over the layers of

    sqrt(mean over c of ln((v_c + eps) / (V_c + eps))^2).

Of the shipped model: 0.2 to 0.3 for simulated speakers, 1.2 to 1.4 for recordings of people from three scanners, 1.1
for simulated frames that are mirrored, 0.5 for such shifted by 8 of 256 pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import UInt8
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
    found: list[float] = []

    def compare(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d) and layer.running_var is not None
        variance = _variance(given[0])
        ratio = (variance + layer.eps) / (layer.running_var.float() + layer.eps)
        found.append(float(ratio.log().square().mean().sqrt()))

    hooks = [layer.register_forward_pre_hook(compare) for layer in layers]
    try:
        with torch.inference_mode():
            place = next(cnn.parameters()).device
            gray = model_input(torch.from_numpy(np.stack(frames)).to(place), pixel_mask)
            cnn(gray[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last))
    finally:
        for hook in hooks:
            hook.remove()
    return float(np.mean(found)) if found else None


def _variance(maps: Tensor) -> Tensor:
    """Variance of each channel, (C,), of feature maps (N, C, H, W).

    Frame by frame, since ``torch.var`` takes longer over maps whose channels lie side by side than the whole CNN does.
    """
    mean = torch.stack([one.mean((1, 2)) for one in maps.float()]).mean(0)
    total = torch.zeros_like(mean)
    for one in maps.float():
        total += (one - mean[:, None, None]).square_().sum((1, 2))
    return total / (maps.numel() / len(mean) - 1)
