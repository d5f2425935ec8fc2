"""An image for TensorBoard: frames, what is true, what was found."""

from __future__ import annotations

import colorsys

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import CLASSES

_MOST = 6
# Share of a class's color over the frame.
_TINT = 0.45


def panels(frames: Tensor, true: Tensor, found: Tensor) -> UInt8:
    """Up to six frames in a row, below them the true classes, below those the ones found: (3 S, n S, 3).

    Args:
        frames: (B, 1, S, S), 0 to 1.
        true, found: classes (B, S, S).
    """
    gray = frames[:_MOST, 0].float().clamp(0.0, 1.0).cpu()[..., None].expand(-1, -1, -1, 3)
    rows = [gray, *(_tinted(gray, classes[:_MOST].cpu()) for classes in (true, found))]
    image = torch.cat([torch.cat(list(row), dim=1) for row in rows], dim=0)
    return (image * 255.0).round().to(torch.uint8).numpy()


def _tinted(gray: Tensor, classes: Tensor) -> Tensor:
    table = np.zeros((256, 3), np.float32)
    for number in range(1, len(CLASSES)):
        table[number] = colorsys.hsv_to_rgb(number / len(CLASSES), 1.0, 1.0)
    colors = torch.from_numpy(table)[classes.long()]
    return torch.where((classes.long() % 255 > 0)[..., None], (1.0 - _TINT) * gray + _TINT * colors, gray)
