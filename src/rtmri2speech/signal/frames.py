"""Gray frames to model input: the one resize and the one normalization, for training and synthesis alike."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from rtmri2speech.arrays import Float32, Int64, UInt8
from rtmri2speech.config import Config

if TYPE_CHECKING:
    from torch import Tensor

# Relative contrast of a frame below which it is float32's rounding.
_ROUNDING = 1e-6

# Target pixels of a piece of the resize.
_PIECE = 32

GrayLimits = tuple[float, float]
"""Gray values that become 0 and 1 in robust mode, in the source's own units."""


class FrameConfig(Config):
    """How a video frame becomes the model's input, carried by datasets and bundles.

    ``memo`` (the reference configuration, docs/reference/memo.md, section 1): z-score of the frame, then rescaled to
    [0, 1], which is the frame's own minimum to maximum. ``robust``: percentiles of the whole clip become 0 and 1, so
    that one bright pixel rescales nothing and frames keep their brightness relative to each other.
    """

    size: int = Field(256, ge=16, le=4096, description="height and width in pixels")
    mode: Literal["memo", "robust"] = Field("memo", description="per frame (memo) or per clip (robust)")
    low_percentile: float = Field(0.5, ge=0, le=100, description="robust mode: percentile that becomes 0")
    high_percentile: float = Field(99.5, ge=0, le=100, description="robust mode: percentile that becomes 1")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must lie below high_percentile")
        return self

    def limits(self, histogram: Int64) -> GrayLimits | None:
        """Gray limits from a clip's histogram (counts by gray value); None in memo mode."""
        if self.mode == "memo":
            return None
        share = np.cumsum(histogram) / max(int(histogram.sum()), 1)
        low = int(np.searchsorted(share, self.low_percentile / 100, side="right"))
        high = int(np.searchsorted(share, self.high_percentile / 100))
        return float(low), float(max(high, low + 1))


def normalize_frames(frames: NDArray[Any], config: FrameConfig, limits: GrayLimits | None) -> UInt8:
    """Resize and normalize gray frames.

    Args:
        frames: shape (n, h, w), any real dtype, any gray range.
        config: size and mode.
        limits: gray limits of the clip, needed in robust mode.

    Returns:
        Shape (n, size, size), uint8; value / 255 is the [0, 1] frame. A frame without contrast is 0.
    """
    if config.mode == "robust" and limits is None:
        raise ValueError("robust mode needs the clip's gray limits")
    result = np.empty((len(frames), config.size, config.size), np.uint8)
    # Frame by frame, because one frame stays in the processor's cache and a block does not.
    for frame, target in zip(frames, result, strict=True):
        resized = resize_frame(frame, config.size)
        if limits is None or config.mode == "memo":
            low, high = float(resized.min()), float(resized.max())
            # Interpolating a constant leaves rounding noise, which is no contrast.
            if high - low <= _ROUNDING * abs(high):
                target[:] = 0
                continue
            # The z-score before it (reference configuration) cancels out: min-max is invariant to gain and offset.
        else:
            low, high = limits
        resized -= np.float32(low)
        resized *= np.float32(255.0 / (high - low))
        np.rint(resized, out=resized)
        np.clip(resized, 0, 255, out=resized)
        target[:] = resized
    return result


def resize_frame(frame: NDArray[Any], size: int) -> Float32:
    """Resize a frame (h, w) to (size, size): bilinear, averaging where it shrinks. Float32, always a new array."""
    height, width = frame.shape
    pixels = frame.astype(np.float32)
    if (height, width) == (size, size):
        return pixels
    lower = np.empty((size, width), np.float32)
    for weights, source, target in _resize_weights(height, size):
        np.matmul(weights, pixels[source], out=lower[target])
    resized = np.empty((size, size), np.float32)
    for weights, source, target in _resize_weights(width, size):
        resized[:, target] = lower[:, source] @ weights.T
    return resized


@functools.lru_cache(maxsize=16)
def _resize_weights(source: int, target: int) -> list[tuple[Float32, slice, slice]]:
    """Share of source pixels in target pixels along one axis: weights (t, s), the s and the t pixels they are for.

    A triangle about the target pixel's center, one source pixel wide on each side, or one target pixel when
    shrinking; its part inside the frame sums to 1. (What PyTorch and Pillow call antialiased bilinear.
    Pillow's own, in mode F, is not used: it sums in another order, so that the last bit differs where the frame
    shrinks and a rounded pixel now and then, and it took 1.2 to 4 times as long at 68 to 512 pixels on one core.)
    In pieces, because nearly all of the whole matrix is zero.
    """
    step = source / target
    centers = (np.arange(target) + 0.5) * step
    distance = np.abs(np.arange(source) + 0.5 - centers[:, None]) / max(step, 1.0)
    weights = np.maximum(1.0 - distance, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    pieces = []
    for start in range(0, target, _PIECE):
        rows = weights[start : start + _PIECE].astype(np.float32)
        used = np.flatnonzero(rows.any(axis=0))
        inside = slice(int(used[0]), int(used[-1]) + 1)
        pieces.append((rows[:, inside], inside, slice(start, start + len(rows))))
    return pieces


def as_uint8(frames: NDArray[Any]) -> UInt8:
    """Stored frames of any shape as uint8: unchanged, or float32 in [0, 1], as older datasets have them, times 255."""
    if frames.dtype == np.uint8:
        return frames
    return np.rint(frames * 255.0).clip(0, 255).astype(np.uint8)


def model_input(frames: Tensor, mask: Tensor | None = None) -> Tensor:
    """uint8 frames (..., H, W) to float in [0, 1], multiplied by a mask (H, W) or (..., H, W) if there is one.

    Masking comes after normalization, so that a mask never changes the gray values it leaves visible.
    """
    unit = frames.float() / 255.0
    return unit if mask is None else unit * mask.to(unit)
