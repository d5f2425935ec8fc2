"""Grey frames to model input: the one resize and the one normalisation, for training and synthesis alike."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.config import Config

# Relative contrast of a frame below which it is float32's rounding.
_ROUNDING = 1e-6

GreyLimits = tuple[float, float]
"""Grey values that become 0 and 1 in robust mode, in the source's own units."""


class FrameConfig(Config):
    """How a video frame becomes the model's input, carried by datasets and bundles.

    ``memo`` (memo section 1): z-score of the frame, then rescaled to [0, 1], which is the frame's own
    minimum to maximum. ``robust``: percentiles of the whole clip become 0 and 1, so that one bright
    pixel rescales nothing and frames keep their brightness relative to each other.
    """

    size: int = Field(256, ge=16, description="height and width in pixels")
    mode: Literal["memo", "robust"] = Field("memo", description="per frame (memo) or per clip (robust)")
    low_percentile: float = Field(0.5, ge=0, le=100, description="robust mode: percentile that becomes 0")
    high_percentile: float = Field(99.5, ge=0, le=100, description="robust mode: percentile that becomes 1")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must lie below high_percentile")
        return self

    def limits(self, histogram: NDArray[np.int64]) -> GreyLimits | None:
        """Grey limits from a clip's histogram (counts by grey value); None in memo mode."""
        if self.mode == "memo":
            return None
        share = np.cumsum(histogram) / max(int(histogram.sum()), 1)
        low = int(np.searchsorted(share, self.low_percentile / 100, side="right"))
        high = int(np.searchsorted(share, self.high_percentile / 100))
        return float(low), float(max(high, low + 1))


def normalise_frames(frames: Tensor, config: FrameConfig, limits: GreyLimits | None) -> Tensor:
    """Resize and normalise grey frames.

    Args:
        frames: shape (n, h, w), any real dtype, any grey range.
        config: size and mode.
        limits: grey limits of the clip, needed in robust mode.

    Returns:
        Shape (n, size, size), uint8; value / 255 is the [0, 1] frame. A frame without contrast is 0.
    """
    resized = _resize(frames.float(), config.size)
    if config.mode == "memo":
        low, high = resized.flatten(1).aminmax(dim=1)
        low, high = low[:, None, None], high[:, None, None]
        # Interpolating a constant leaves rounding noise, which is no contrast.
        contrast = high - low > _ROUNDING * high.abs()
        # The z-score before it (memo) cancels out: min-max is invariant to gain and offset.
        scale = torch.where(contrast, 255.0 / (high - low), torch.zeros_like(high))
        scaled = (resized - low) * scale
    else:
        if limits is None:
            raise ValueError("robust mode needs the clip's grey limits")
        scaled = (resized - limits[0]) * (255.0 / (limits[1] - limits[0]))
    return scaled.round_().clamp_(0, 255).to(torch.uint8)


def _resize(frames: Tensor, size: int) -> Tensor:
    if frames.shape[-2:] == (size, size):
        return frames
    resized = F.interpolate(frames[:, None], (size, size), mode="bilinear", antialias=True, align_corners=False)
    return resized[:, 0]


def model_input(frames: Tensor, mask: Tensor | None = None) -> Tensor:
    """uint8 frames (..., H, W) to float in [0, 1], multiplied by a mask (H, W) or (..., H, W) if there is one.

    Masking comes after normalisation, so that a mask never changes the grey values it leaves visible.
    """
    unit = frames.float() / 255.0
    return unit if mask is None else unit * mask.to(unit)
