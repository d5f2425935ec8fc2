"""Enlarge a map from the network's cells to pixels: bilinear interpolation that preserves the sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rtmri2speech.arrays import Float32, Float64, Int64

# Frames that are turned to pixels at a time: 16 MB of 256 x 256.
FRAMES_AT_ONCE = 64


@lru_cache(maxsize=32)
def enlargement(count: int, size: int) -> Float64:
    """Matrix (S, K) of bilinear interpolation from K cells to S pixels; cells fill the frame, edges continue.

    The same as ``torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`` along one axis.
    """
    place = (np.arange(size) + 0.5) * count / size - 0.5
    low = np.floor(place)
    part = place - low
    matrix = np.zeros((size, count))
    rows = np.arange(size)
    np.add.at(matrix, (rows, np.clip(low, 0, count - 1).astype(int)), 1.0 - part)
    np.add.at(matrix, (rows, np.clip(low + 1, 0, count - 1).astype(int)), part)
    matrix.flags.writeable = False
    return matrix


def to_pixels(cells: ArrayLike, height: int, width: int | None = None) -> Float32:
    """Spread maps (..., h, w) over pixels, (..., H, W), bilinearly; the sum over a map stays what it was.

    (To rounding, where H and W are multiples of h and w, as they are with every stride of the default network.)

    Args:
        cells: the maps.
        height: H.
        width: W; as H if None.
    """
    width = height if width is None else width
    values = np.asarray(cells, np.float32)
    rows, columns = values.shape[-2:]
    return _interpolated(values, enlargement(rows, height), enlargement(columns, width), height * width)


def largest_pixel(cells: Float32, size: int) -> float:
    """Largest absolute value of the pixels of maps (T, h, w), which need not all be made for it.

    Between the centers of four cells the interpolation is linear along rows and columns, so that its extremes over
    pixels lie in the corner pixels of that patch.
    """
    rows, columns = (_corners(count, size) for count in cells.shape[-2:])
    tall, wide = (enlargement(count, size) for count in cells.shape[-2:])
    blocks = (cells[first : first + 1024] for first in range(0, len(cells), 1024))
    return max(float(np.abs(_interpolated(block, tall[rows], wide[columns], size * size)).max()) for block in blocks)


def sum_blocks(pixels: Float32, stride: int) -> Float32:
    """Cells (T, K, K) of pixels (T, S, S): sums over blocks of about ``stride`` x ``stride`` pixels."""
    size = pixels.shape[-1]
    edges = np.round(np.linspace(0, size, max(round(size / stride), 1) + 1)).astype(int)[:-1]
    sums = [np.add.reduceat(np.add.reduceat(one, edges, axis=0, dtype=np.float64), edges, axis=1) for one in pixels]
    return np.stack(sums).astype(np.float32)


@dataclass(frozen=True, eq=False)
class PixelsOfCells:
    """Maps as pixels (T, S, S) that are made when they are asked for: indexed like the array that it stands for.

    Attributes:
        cells: (T, h, w), float32.
        size: S.
    """

    cells: Float32
    size: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(T, S, S)."""
        return len(self.cells), self.size, self.size

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, frames: int | np.integer[Any] | slice | Int64) -> Float32:
        return to_pixels(self.cells[frames], self.size)


def _interpolated(cells: Float32, tall: Float64, wide: Float64, pixels: int) -> Float32:
    scale = cells.shape[-2] * cells.shape[-1] / pixels
    spread: Float32 = (tall * scale).astype(np.float32) @ cells @ wide.T.astype(np.float32)
    return spread


def _corners(count: int, size: int) -> Int64:
    """Pixels next to a border between two patches of the interpolation."""
    low = np.floor((np.arange(size) + 0.5) * count / size - 0.5)
    change = np.flatnonzero(np.diff(low))
    return np.unique(np.concatenate([[0], change, change + 1, [size - 1]])).astype(np.int64)
