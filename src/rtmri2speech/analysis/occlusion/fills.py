"""What hidden pixels are replaced by. Frames are the model's own, after normalization: gray values 0 to 1."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

Fill = Literal["darken", "blur", "freeze", "neighbourhood"]
"""Black; the frame out of focus; the clip's mean frame, which never moves; what lies around the region."""
FILLS: tuple[Fill, ...] = get_args(Fill)

# Standard deviation of the blur as a share of the frame: tongue and lips can no longer be told apart.
_BLUR = 1.0 / 16.0
# Weight of the surroundings as a whole against those next to the pixel: counts only where nothing is near.
_FAR = 1e-6


class FillFactory:
    """Makes fills.

    Args:
        mean: the clip's mean frame, (..., H, W); leading dimensions are channels.
    """

    def __init__(self, mean: Tensor) -> None:
        self._mean = mean
        height, width = mean.shape[-2:]
        self._down, self._across = _gaussian(height, mean), _gaussian(width, mean)

    def fill(self, kind: Fill, frames: Tensor, masks: Tensor) -> Tensor:
        """What wholly hidden pixels become: frames (n, ..., H, W) and bool masks that broadcast to them.

        Only values within the masks have a meaning.
        """
        if kind == "darken":
            return torch.zeros_like(frames)
        if kind == "blur":
            return self.blurred(frames)
        if kind == "freeze":
            return self._mean.expand_as(frames)
        # A mean of the pixels outside, near ones first (normalized convolution, Knutsson and Westin 1993).
        outside = (~masks).to(frames)
        seen = outside * frames
        count = outside.sum(dim=(-2, -1), keepdim=True).clamp(min=1.0)
        everywhere = seen.sum(dim=(-2, -1), keepdim=True) / count
        return (self.blurred(seen) + _FAR * everywhere) / (self.blurred(outside) + _FAR)

    def blurred(self, frames: Tensor) -> Tensor:
        """Frames (..., H, W) out of focus: a Gaussian, of which the part inside the frame counts."""
        return self._down @ frames @ self._across.T


def hide(frames: Tensor, masks: Tensor, fills: Tensor, alpha: float) -> Tensor:
    """Within the masks alpha times the frame and 1 - alpha times the fill; everything else stays to the last bit.

    Args:
        frames, fills: (n, ..., H, W).
        masks: bool, broadcast to them.
        alpha: 0 hides, 1 leaves as is.
    """
    return torch.where(masks, alpha * frames + (1.0 - alpha) * fills, frames)


def _gaussian(size: int, like: Tensor) -> Tensor:
    """A blur along one axis as a matrix (size, size) whose rows sum to 1."""
    places = torch.arange(size, dtype=like.dtype, device=like.device)
    distance = (places[:, None] - places) / (_BLUR * size)
    weights = torch.exp(-0.5 * distance.square())
    return weights / weights.sum(dim=1, keepdim=True)
