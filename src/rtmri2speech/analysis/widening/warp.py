"""Frames warped by a field of displacements, and what a small warp changes: exactly each other's derivative.

A warp moves what a frame shows: I'(p) = I(p - v(p)). Between pixels frames are interpolated by the cubic convolution of
Keys (1981, IEEE Trans. Acoust. Speech Signal Process. 29, 1153), which is smooth, and whose slope at a pixel is the
central difference. The gray values are the normalized ones, whose limits stay where they are: a wall that moves changes
what a pixel shows, and not what the scanner calls black and white. With limits that follow each frame's darkest and
brightest pixel, a derivative would depend on these two, of which the warp knows little.
"""

from __future__ import annotations

import torch
from torch import Tensor

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
