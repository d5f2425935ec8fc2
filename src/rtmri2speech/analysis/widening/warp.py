"""Frames warped by a field of displacements, and what a small warp changes: exactly each other's derivative.

A warp moves what a frame shows: I'(p) = I(p - v(p)). Between pixels frames are interpolated by the cubic convolution of
Keys (1981, IEEE Trans. Acoust. Speech Signal Process. 29, 1153), which is smooth, and whose slope at a pixel is the
central difference. Frames are warped as they are before their gray values are normalized, and normalized afterwards.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rtmri2speech.signal.frames import FrameConfig

# Neighbors that cubic convolution takes, on either side.
_TAPS = (-1, 0, 1, 2)


def warp(frames: Tensor, displacement: Tensor) -> Tensor:
    """Frames (T, H, W) moved by displacements (T, H, W, 2), x and y in pixels; edges go on beyond the frame."""
    count, height, width = frames.shape
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=frames.dtype), torch.arange(width, dtype=frames.dtype), indexing="ij"
    )
    x, y = columns - displacement[..., 0], rows - displacement[..., 1]
    left, top = x.floor(), y.floor()
    across, down = _kernel(x - left), _kernel(y - top)
    flat = frames.reshape(count, -1)
    result = torch.zeros_like(frames)
    for vertical, tall in zip(_TAPS, down, strict=True):
        row = (top.long() + vertical).clamp(0, height - 1)
        for horizontal, wide in zip(_TAPS, across, strict=True):
            column = (left.long() + horizontal).clamp(0, width - 1)
            taken = flat.gather(1, (row * width + column).reshape(count, -1)).reshape(frames.shape)
            result = result + tall * wide * taken
    return result


def _kernel(part: Tensor) -> list[Tensor]:
    """Weights of the four neighbors at a place between the middle two, 0 to 1."""
    square, cube = part**2, part**3
    return [
        0.5 * (-cube + 2 * square - part),
        0.5 * (3 * cube - 5 * square + 2),
        0.5 * (-3 * cube + 4 * square + part),
        0.5 * (cube - square),
    ]


def slopes(frames: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes of frames (T, H, W) along x and along y at each pixel: central differences, edges going on."""
    padded = torch.nn.functional.pad(frames[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    return (
        0.5 * (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]),
        0.5 * (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]),
    )


def normalize(frames: Tensor, config: FrameConfig) -> Tensor:
    """Warped frames (T, H, W) on the model's gray scale from 0 to 1, without rounding.

    In mode ``memo`` each frame's minimum and maximum become 0 and 1; in mode ``robust`` the limits are the clip's, and
    do not move.
    """
    if config.mode != "memo":
        return frames
    low, high = frames.amin(dim=(1, 2), keepdim=True), frames.amax(dim=(1, 2), keepdim=True)
    return (frames - low) / torch.where(high > low, high - low, 1.0)


def before_normalization(gradients: Tensor, frames: Tensor, config: FrameConfig) -> Tensor:
    """Derivatives by normalized frames as derivatives by the frames before: the chain rule through :func:`normalize`.

    The pixels that hold a frame's minimum, or maximum, share its derivative, as ``torch.amin`` has it.

    Args:
        gradients: (B, T, H, W).
        frames: (T, H, W), normalized, 0 to 1.
        config: how they were normalized.
    """
    if config.mode != "memo":
        return gradients
    lowest, highest = frames == frames.amin(dim=(1, 2), keepdim=True), frames == frames.amax(dim=(1, 2), keepdim=True)
    of_low = (gradients * (1.0 - frames)).sum(dim=(2, 3), keepdim=True)
    of_high = (gradients * frames).sum(dim=(2, 3), keepdim=True)
    return (
        gradients
        - of_low * (lowest / lowest.sum(dim=(1, 2), keepdim=True))
        - of_high * (highest / highest.sum(dim=(1, 2), keepdim=True))
    )
