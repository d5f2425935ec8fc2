"""A speaker's head in the mid-sagittal plane: contours in, tissues and labels out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.data.labels import Label
from rtmri2speech.simulation.head.articulators import Articulators
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.proportions import HeadProportions
from rtmri2speech.simulation.head.splines import Layers, moved, smooth
from rtmri2speech.simulation.head.static_anatomy import shapes
from rtmri2speech.simulation.head.tissues import AIR, CODES, LABEL_OF, SHARE_OF, TISSUE_OF, TISSUES
from rtmri2speech.simulation.head.variation import vary

SIZE = 256
"""Height and width of the frames, pixels."""

PIXEL_CM = 0.1
"""Side of a pixel."""

# Cells of the drawing per pixel, in each direction.
_CELLS = 4
# Shifts of the drawing's grid, in cells: frames drawn with all four and averaged resolve a sixteenth of a pixel.
_SHIFTS = ((-0.375, -0.375), (-0.125, 0.125), (0.125, -0.125), (0.375, 0.375))
# Column and row of the origin, whole numbers being centers of pixels.
_ORIGIN = (108.0, 118.0)
# What can move lies between these columns and rows.
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, 156, 88, 256

# What is no air and has no label of its own.
_REST = (TISSUES.index(AIR) != TISSUE_OF) & (LABEL_OF == Label.BACKGROUND)

_TEXTURE = 0.05
_TEXTURE_PIXELS = 2.0


def to_pixels(points: Float64) -> Float64:
    """From cm (x forward, y up) to column and row of a frame, (..., 2); whole numbers are centers of pixels."""
    return np.asarray(np.array(_ORIGIN) - np.asarray(points) / PIXEL_CM)


def window() -> tuple[slice, slice]:
    """Rows and columns of the frame in which something can move."""
    return slice(_TOP, _BOTTOM), slice(_LEFT, _RIGHT)


@dataclass(frozen=True)
class Prepared:
    """Polygons of several instants, ready to be drawn.

    Attributes:
        points: shape (N, P, 2), corners of all polygons, in cells of the drawing from the corner of the moving part.
        spans: where the coordinates of each polygon start and end, and its code, in the order of painting.
        under_palate: how many of the polygons, the first ones, lie under the fixed palate.
        marks: what bears a label beyond its parts, (N, P, 2), in pixels from the moving part's corner.
    """

    points: Float64
    spans: list[tuple[int, int, int]]
    under_palate: int
    marks: dict[Label, Float64]


class Head:
    """One speaker.

    Args:
        neutral: contours of a neutral position, N = 1; anchors of the fixed anatomy.
        seed: of what the contours do not say: profile, size of the head, fat, inner structure.
        varied: whether that differs more widely, in lips, teeth, velum, epiglottis and more.

    Attributes:
        neutral: the neutral position.
        still: shape (tissues, 256, 256), share of every tissue in every pixel where nothing moves.
        texture: shape (256, 256), factor about 1 of the tissue that does not move.
    """

    def __init__(self, neutral: Contours, seed: int, varied: bool = False) -> None:
        self.neutral = neutral
        rng = np.random.default_rng(seed)
        proportions = draw_proportions(neutral, rng)
        if varied:
            proportions = vary(proportions, np.random.default_rng((seed, 1)))
        self._articulators = Articulators(neutral, proportions)
        self._palate = smooth(neutral.upper[0, 14:23])
        drawn = [(code, points[None]) for code, points in shapes(proportions, self._palate)]
        stills = [_paint_still(drawn, shift) for shift in _SHIFTS]
        left, top, right, bottom = (edge * _CELLS for edge in (_LEFT, _TOP, _RIGHT, _BOTTOM))
        self._stills = [still.crop((left, top, right, bottom)) for still in stills]
        # What is fixed and lies over the tongue, each with its mask and its place.
        self._palates = [self._palate_piece(still, shift) for still, shift in zip(self._stills, _SHIFTS, strict=True)]
        self.still = _shares([np.asarray(still) for still in stills])
        noise = gaussian_filter(rng.standard_normal((SIZE, SIZE)), _TEXTURE_PIXELS)
        # None where something moves: a texture that stays while the tissue goes would look like a curtain.
        free = np.ones((SIZE, SIZE))
        free[_TOP - 6 :, : _RIGHT - 20] = 0.0
        free = gaussian_filter(free, 6.0)
        self.texture = (1.0 + _TEXTURE * free * noise / noise.std()).astype(np.float32)

    def prepare(self, contours: Contours) -> Prepared:
        """The polygons of N instants."""
        before, after = self._articulators.layers(contours)
        spans, first = [], 0
        for code, points in [*before, *after]:
            spans.append((2 * first, 2 * (first + points.shape[1]), int(code)))
            first += points.shape[1]
        points = _to_cells(np.concatenate([p for _, p in [*before, *after]], axis=1))
        marks = {
            label: to_pixels(marked) - (_LEFT, _TOP) for label, marked in self._articulators.marks(contours).items()
        }
        return Prepared(points, spans, len(before), marks)

    def codes(self, prepared: Prepared, index: int, number: int = 0) -> UInt8:
        """Codes of the moving part of the frame at one instant, on the finer grid of the drawing.

        Args:
            prepared: polygons of several instants.
            index: which instant.
            number: of the drawing of this instant; four in turn lie on grids shifted against each other.
        """
        number %= len(_SHIFTS)
        canvas = self._stills[number].copy()
        draw = ImageDraw.Draw(canvas)
        corners = np.floor(prepared.points[index] + (np.array(_SHIFTS[number]) + 0.5)).astype(np.int64).ravel().tolist()
        for place, (first, last, code) in enumerate(prepared.spans):
            if place == prepared.under_palate:
                canvas.paste(*self._palates[number])
            draw.polygon(corners[first:last], fill=code)
        return np.asarray(canvas)

    def mean(self, codes: list[UInt8], values: Float64) -> Float32:
        """Mean of a value per code (``CODES``,) over drawings and over each pixel's cells: the moving part, (H, W)."""
        # Two cells at a time: half as many look-ups.
        pairs = (values[None, :] + values[:, None]).astype(np.float32)
        table = np.zeros((256, 256), np.float32)
        table[:CODES, :CODES] = pairs
        flat = table.ravel()
        total = np.take(flat, codes[0].view(np.uint16))
        for drawing in codes[1:]:
            total += np.take(flat, drawing.view(np.uint16))
        rows, columns = total.shape
        lines = total.reshape(rows // _CELLS, _CELLS, columns).sum(axis=1)
        pixels = lines[:, 0::2] + lines[:, 1::2]
        return np.asarray(pixels * np.float32(1.0 / (len(codes) * _CELLS**2)))

    def labels(self, prepared: Prepared, index: int) -> UInt8:
        """Labels at the centers of the pixels, (256, 256)."""
        # On the last grid, shifted by nearly half a cell, the third cell's center is nearly the pixel's.
        codes = self.codes(prepared, index, 3)
        result = np.zeros((SIZE, SIZE), np.uint8)
        shown = codes[_CELLS // 2 :: _CELLS, _CELLS // 2 :: _CELLS]
        marks = {label: points[index] for label, points in prepared.marks.items()}
        result[window()] = label_pixels(shown, marks)
        return result

    def _palate_piece(
        self, still: Image.Image, shift: tuple[float, float]
    ) -> tuple[Image.Image, tuple[int, int, int, int], Image.Image]:
        """All above the palate."""
        corners = _to_cells(roof_outline(self._palate)) + shift + 0.5
        mask = Image.new("L", still.size)
        ImageDraw.Draw(mask).polygon(np.floor(corners).astype(np.int64).ravel().tolist(), fill=255)
        box = mask.getbbox()
        if box is None:
            raise ValueError("the palate lies outside the frame")
        return still.crop(box), box, mask.crop(box)


def label_pixels(codes: UInt8, marks: Mapping[Label, Float64]) -> UInt8:
    """Labels of pixels, (H, W), from their codes and what bears a label beyond its parts.

    Args:
        codes: shape (H, W).
        marks: corners (P, 2) of a polygon per label, in pixels from the corner of ``codes``.
    """
    result = np.asarray(LABEL_OF[codes])
    larynx = result == Label.LARYNX
    result[larynx] = Label.BACKGROUND
    for label, points in marks.items():
        marked = Image.new("L", codes.shape[::-1])
        ImageDraw.Draw(marked).polygon(np.rint(points).ravel().tolist(), fill=1)
        result[(np.asarray(marked) > 0) & (larynx | _REST[codes])] = label
    return result


def roof_outline(palate: Float64) -> Float64:
    """Around all that is fixed and lies over the tongue, (P, 2)."""
    first, last = palate[0], palate[-1]
    beyond = [moved(last, 0.7, 0.6), moved(last, 0.7, 1.8), np.array([last[0], 3.0]), np.array([first[0], 3.0])]
    return np.concatenate([palate, beyond])


def draw_proportions(neutral: Contours, rng: np.random.Generator) -> HeadProportions:
    """What a speaker's contours, N = 1, say about the head, and the rest at random."""
    upper = neutral.upper[0]
    tilt = float((upper[8, 0] - upper[4, 0]) / (upper[8, 1] - upper[4, 1]))
    return HeadProportions(
        incisor=float(upper[22, 0]),
        wall=float(upper[8, 0] + tilt * (0.1 - upper[8, 1])),
        tilt=tilt,
        palate=float(upper[14:22, 1].max()),
        nose=float(rng.uniform(0.85, 1.15)),
        brow=float(rng.uniform(-0.3, 0.3)),
        fat=float(rng.uniform(0.75, 1.25)),
        chin=float(rng.uniform(-0.25, 0.3)),
        neck=float(rng.uniform(-0.1, 0.35)),
        size=float(rng.uniform(0.95, 1.05)),
        seed=int(rng.integers(2**31)),
    )


def _to_cells(points: Float64) -> Float64:
    # Whole numbers are centers of cells, counted from the corner of the moving part.
    return np.asarray((to_pixels(points) + 0.5 - (_LEFT, _TOP)) * _CELLS - 0.5)


def _paint_still(drawn: Layers, shift: tuple[float, float]) -> Image.Image:
    canvas = Image.new("L", (SIZE * _CELLS, SIZE * _CELLS))
    draw = ImageDraw.Draw(canvas)
    corner = np.array((_LEFT, _TOP)) * _CELLS + shift + 0.5
    for code, points in drawn:
        draw.polygon(np.floor(_to_cells(points[0]) + corner).astype(np.int64).ravel().tolist(), fill=int(code))
    return canvas


def _shares(stills: list[UInt8]) -> Float32:
    shares = np.zeros((len(TISSUES), SIZE, SIZE), np.float32)
    for tissue in range(1, len(TISSUES)):
        table = np.where(tissue == TISSUE_OF, SHARE_OF, 0.0)
        for still in stills:
            cells = table[still].reshape(SIZE, _CELLS, SIZE, _CELLS)
            shares[tissue] += (cells.mean(axis=(1, 3)) / len(stills)).astype(np.float32)
    return shares
