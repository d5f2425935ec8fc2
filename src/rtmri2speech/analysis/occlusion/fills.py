"""What stands in the place of hidden pixels. Pictures are the model's own, normalised before: grey values 0 to 1."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

Fill = Literal["darken", "blur", "freeze", "neighbourhood"]
"""Black; the picture out of focus; the clip's mean, which never moves; what lies around the region."""
FILLS: tuple[Fill, ...] = get_args(Fill)

# Standard deviation of the blur as a share of the picture: tongue and lips are no longer told apart.
_BLUR = 1.0 / 16.0
# Weight of the surroundings as a whole against those next to the pixel: counts only where nothing is near.
_FAR = 1e-6


class Painter:
    """Makes fills.

    Args:
        mean: the clip's mean picture, (S, S).
    """

    def __init__(self, mean: Tensor) -> None:
        self._mean = mean
        places = torch.arange(len(mean), dtype=mean.dtype, device=mean.device)
        distance = (places[:, None] - places) / (_BLUR * len(mean))
        weights = torch.exp(-0.5 * distance.square())
        self._blur = weights / weights.sum(dim=1, keepdim=True)

    def fill(self, kind: Fill, pictures: Tensor, masks: Tensor) -> Tensor:
        """What pixels become that are hidden wholly: pictures (n, S, S) and regions (n, S, S), bool, to (n, S, S).

        Only values within the regions mean something.
        """
        if kind == "darken":
            return torch.zeros_like(pictures)
        if kind == "blur":
            return self.blurred(pictures)
        if kind == "freeze":
            return self._mean.expand_as(pictures)
        # A mean of the pixels outside, near ones first (normalised convolution, Knutsson and Westin 1993).
        outside = (~masks).to(pictures)
        seen = outside * pictures
        everywhere = seen.sum(dim=(1, 2), keepdim=True) / outside.sum(dim=(1, 2), keepdim=True).clamp(min=1.0)
        return (self.blurred(seen) + _FAR * everywhere) / (self.blurred(outside) + _FAR)

    def blurred(self, pictures: Tensor) -> Tensor:
        """Pictures (n, S, S) out of focus: a Gaussian whose part inside the picture counts."""
        return self._blur @ pictures @ self._blur.T


def hide(pictures: Tensor, masks: Tensor, fills: Tensor, alpha: float) -> Tensor:
    """Within the masks alpha times the picture and 1 - alpha times the fill; everything else stays to the last bit.

    Args:
        pictures, masks, fills: (n, S, S).
        alpha: 0 hides, 1 leaves as is.
    """
    return torch.where(masks, alpha * pictures + (1.0 - alpha) * fills, pictures)
