"""The maps of one method and band: cells, and pixels, means and figures made from them on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from rtmri2speech.analysis.attribution.pixels import FRAMES_AT_ONCE, PixelsOfCells, sum_blocks, to_pixels
from rtmri2speech.analysis.attribution.targets import UNITS, Band, TargetKind
from rtmri2speech.arrays import Float32, Int64

Method = Literal["gradcam", "hirescam"]
"""The last feature map (reference configuration, section 4), or a finer layer with the gradient kept in place."""
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, eq=False, repr=False)
class BandMaps:
    """Signed maps of every frame of a clip, by one method and for one band.

    Attributes:
        method, band: which.
        target: what is explained.
        stride: of the explained layer, pixels.
        size: S, frames are S x S pixels.
        values: of the target, (T,); NaN where they are not known.
        scale: largest absolute value of a pixel in the clip: one for all frames, so that frames can be compared.
        stored: the cells, (T, h, w), float32, in the target's unit; or pixels, (T, S, S).
        in_pixels: whether ``stored`` is in pixels, as folders of version 0.1.0 have them.
    """

    method: Method
    band: Band
    target: TargetKind
    stride: int
    size: int
    values: Float32
    scale: float
    stored: Float32
    in_pixels: bool = False

    @property
    def unit(self) -> str:
        """Unit of the target, and so of a map's sum over the frame."""
        return UNITS[self.target]

    @property
    def stem(self) -> str:
        """What the names of all files of these maps start with."""
        return f"{self.method}_{self.band.name}"

    @cached_property
    def cells(self) -> Float32:
        """(T, h, w), signed; the sum over a map is the target's gradient times activation."""
        return sum_blocks(self.stored, self.stride) if self.in_pixels else self.stored

    @property
    def pixels(self) -> PixelsOfCells | Float32:
        """(T, S, S), made (or read) when it is indexed; for maps that do not fit in memory."""
        return self.stored if self.in_pixels else PixelsOfCells(self.stored, self.size)

    def __len__(self) -> int:
        return len(self.stored)

    def to_pixels(self, frames: Sequence[int] | Int64 | slice | None = None) -> Float32:
        """Maps as pixels, (n, S, S), bilinearly interpolated; sums over a map stay what they are.

        Args:
            frames: which, counted from 0; all if None.
        """
        chosen = slice(None) if frames is None else frames if isinstance(frames, slice) else np.array(frames, np.int64)
        return np.asarray(self.pixels[chosen], np.float32)

    def mean(self, first: int = 0, stop: int | None = None) -> Float32:
        """Mean map over frames, from ``first`` to before ``stop``, as pixels (S, S)."""
        count = len(range(len(self))[first:stop])
        total = np.zeros(self.stored.shape[1:])
        for start in range(first, first + count, FRAMES_AT_ONCE):
            block = self.stored[start : min(start + FRAMES_AT_ONCE, first + count)]
            total += block.sum(axis=0, dtype=np.float64)
        mean = (total / count).astype(np.float32)
        return mean if self.in_pixels else to_pixels(mean, self.size)

    def __repr__(self) -> str:
        rows, columns = (max(round(self.size / self.stride), 1),) * 2 if self.in_pixels else self.stored.shape[1:]
        shape = f"{len(self)} x {rows} x {columns} cells of {self.stride} pixels"
        return f"BandMaps({self.method}, {self.band}, {self.target}, {shape}, scale {self.scale:.3g} {self.unit})"
