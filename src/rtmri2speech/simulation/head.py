"""A speaker's head in the mid-sagittal plane: contours in, tissues and region labels out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from rtmri2speech.simulation.articulators import Articulators, Contours, Layers
from rtmri2speech.simulation.curves import smooth
from rtmri2speech.simulation.fixed import Build, Shapes, shapes
from rtmri2speech.simulation.tissues import REGION_OF, SHARE_OF, TISSUE_OF, TISSUES

Floats = NDArray[np.float64]

SIZE = 256
"""Height and width of the pictures, pixels."""

PIXEL_CM = 0.1
"""Side of a pixel."""

SUPERSAMPLING = 4
"""Cells of the drawing a pixel, in each direction."""

OFFSETS = ((0.0, 0.0), (0.25, 0.5), (0.5, 0.25), (0.75, 0.75))
"""Shifts of the drawing's grid, in cells: pictures drawn with all four and averaged resolve a sixteenth of a pixel."""

_ORIGIN = (108.0, 118.0)
# What can move lies within: first and last column, first and last row (multiples of the pixel).
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, 156, 84, 256


def to_pixels(points: Floats) -> Floats:
    """From cm (x forward, y up) to column and row of a picture, (..., 2); whole numbers are centres of pixels."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([_ORIGIN[0] - x / PIXEL_CM, _ORIGIN[1] - y / PIXEL_CM], axis=-1)


class Head:
    """One speaker.

    Args:
        neutral: contours of a neutral position, N = 1; anchors of the fixed anatomy.
        seed: of what the contours do not tell: profile, size of the head, fat, inner structure.
    """

    def __init__(self, neutral: Contours, seed: int) -> None:
        self.neutral = neutral
        rng = np.random.default_rng(seed)
        upper = neutral.upper[0]
        tilt = (upper[8, 0] - upper[4, 0]) / (upper[8, 1] - upper[4, 1])
        build = Build(
            incisor=float(upper[22, 0]),
            wall=float(upper[8, 0] + tilt * (0.1 - upper[8, 1])),
            tilt=float(tilt),
            palate=float(upper[14:22, 1].max()),
            nose=float(rng.uniform(0.85, 1.15)),
            brow=float(rng.uniform(-0.3, 0.3)),
            fat=float(rng.uniform(0.75, 1.3)),
            size=float(rng.uniform(0.95, 1.05)),
            seed=int(rng.integers(2**31)),
        )
        subnasale = build.place([(6.72, 1.3)])[0]
        self._articulators = Articulators(neutral, subnasale, build.fat, build.seed)
        self._palate = smooth(upper[14:23])
        self._shapes = shapes(build, self._palate)
        self._still = [self._draw_still(offset) for offset in OFFSETS]
        self._boxes = [still.crop(_box()) for still in self._still]
        self._over = [self._draw_over(offset) for offset in OFFSETS]
        texture = gaussian_filter(rng.standard_normal((SIZE, SIZE)), 2.0)
        # Not where something moves: a texture that stays while the tissue goes would look like a curtain.
        free = np.ones((SIZE, SIZE))
        free[_TOP - 6 :, : _RIGHT - 20] = 0.0
        free = gaussian_filter(free, 6.0)
        self.texture = (1.0 + 0.05 * free * texture / texture.std()).astype(np.float32)
        self.still = self._coverage()

    def prepare(self, contours: Contours) -> tuple[Layers, Layers]:
        """Polygons of all instants, before and after the fixed palate, in cells of the drawing."""
        below, above = self._articulators.layers(contours)
        return [(code, _to_cells(p)) for code, p in below], [(code, _to_cells(p)) for code, p in above]

    def codes(self, prepared: tuple[Layers, Layers], index: int, offset: int = 0) -> NDArray[np.uint8]:
        """Codes of the part of the picture that moves, SUPERSAMPLING cells a pixel: shape of :func:`window` times that."""
        canvas = self._boxes[offset].copy()
        draw = ImageDraw.Draw(canvas)
        shift = np.array(OFFSETS[offset]) + 0.5
        below, above = prepared
        _paint(draw, below, index, shift)
        canvas.paste(self._boxes[offset], (0, 0), self._over[offset])
        _paint(draw, above, index, shift)
        return np.asarray(canvas)

    def labels(self, prepared: tuple[Layers, Layers], index: int) -> NDArray[np.uint8]:
        """Regions at the centres of the pixels, (SIZE, SIZE)."""
        # The cell whose centre is nearest to the pixel's, of the drawing that is shifted towards it.
        codes = self.codes(prepared, index, offset=2)
        result = self._still_labels()
        result[_TOP:_BOTTOM, _LEFT:_RIGHT] = REGION_OF[codes[2::SUPERSAMPLING, 2::SUPERSAMPLING]]
        return result

    def draw(self, contours: Contours, index: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Share of every tissue in every pixel, (tissues, SIZE, SIZE), and regions (SIZE, SIZE), at one instant."""
        prepared = self.prepare(contours)
        codes = np.stack([self.codes(prepared, index, k) for k in range(len(OFFSETS))])
        shares = self.still.copy()
        for number in range(len(TISSUES)):
            table = np.where(TISSUE_OF == number, SHARE_OF, 0.0).astype(np.float32)
            shares[number, _TOP:_BOTTOM, _LEFT:_RIGHT] = np.mean([box_mean(table[c]) for c in codes], axis=0)
        return shares, self.labels(prepared, index)

    def _still_labels(self) -> NDArray[np.uint8]:
        return np.zeros((SIZE, SIZE), np.uint8)

    def _draw_still(self, offset: tuple[float, float]) -> Image.Image:
        canvas = Image.new("L", (SIZE * SUPERSAMPLING, SIZE * SUPERSAMPLING))
        draw = ImageDraw.Draw(canvas)
        shift = np.array(offset) + 0.5 + (_LEFT * SUPERSAMPLING, _TOP * SUPERSAMPLING)
        layers: Layers = [(code, _to_cells(points[None])) for code, points in self._shapes]
        _paint(draw, layers, 0, shift)
        return canvas

    def _draw_over(self, offset: tuple[float, float]) -> Image.Image:
        """Mask of the fixed tissue that lies over the tongue: all above the palate."""
        left, top, right, bottom = _box()
        mask = Image.new("1", (right - left, bottom - top))
        draw = ImageDraw.Draw(mask)
        first, last = self._palate[0], self._palate[-1]
        above = np.concatenate([self._palate, [last + (0.7, 0.6), last + (0.7, 1.8), (last[0], 4.0), (first[0], 4.0)]])
        points = _to_cells(above[None])[0] + offset + 0.5
        draw.polygon(points.astype(np.int64).ravel().tolist(), fill=1)
        return mask

    def _coverage(self) -> NDArray[np.float32]:
        shares = np.zeros((len(TISSUES), SIZE, SIZE), np.float32)
        for number in range(1, len(TISSUES)):
            table = np.where(TISSUE_OF == number, SHARE_OF, 0.0).astype(np.float32)
            shares[number] = np.mean([box_mean(table[np.asarray(still)]) for still in self._still], axis=0)
        return shares


def window() -> tuple[slice, slice]:
    """Rows and columns of the picture in which something can move."""
    return slice(_TOP, _BOTTOM), slice(_LEFT, _RIGHT)


def box_mean(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the cells of each pixel."""
    rows, columns = cells.shape
    summed = cells.reshape(rows // SUPERSAMPLING, SUPERSAMPLING, columns).sum(axis=1)
    summed = summed.reshape(rows // SUPERSAMPLING, columns // SUPERSAMPLING, SUPERSAMPLING).sum(axis=2)
    return np.asarray(summed / np.float32(SUPERSAMPLING**2), dtype=np.float32)


def _box() -> tuple[int, int, int, int]:
    left, top, right, bottom = (edge * SUPERSAMPLING for edge in (_LEFT, _TOP, _RIGHT, _BOTTOM))
    return left, top, right, bottom


def _to_cells(points: Floats) -> Floats:
    # Whole numbers are centres of cells; counted from the corner of the moving part.
    cells = (to_pixels(points) + 0.5 - (_LEFT, _TOP)) * SUPERSAMPLING - 0.5
    return np.asarray(cells)


def _paint(draw: ImageDraw.ImageDraw, layers: Layers, index: int, shift: Floats) -> None:
    for code, points in layers:
        draw.polygon(np.floor(points[index] + shift).astype(np.int64).ravel().tolist(), fill=int(code))


__all__ = [
    "OFFSETS",
    "PIXEL_CM",
    "SIZE",
    "SUPERSAMPLING",
    "Contours",
    "Head",
    "Shapes",
    "box_mean",
    "to_pixels",
    "window",
]
