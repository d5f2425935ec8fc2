"""A head in still positions: tissue codes and labels at the centers of the pixels of the whole frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.simulation.head.articulators import Articulators
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.head import SIZE, draw_proportions, label_pixels, roof_outline, to_pixels
from rtmri2speech.simulation.head.proportions import Posture, draw_posture, vary
from rtmri2speech.simulation.head.splines import smooth
from rtmri2speech.simulation.head.static_anatomy import shapes
from rtmri2speech.simulation.head.tissues import CODES, Part

# Corners lie on a grid of so many cells per pixel; one cell in the middle of a pixel, nearly, is read.
_CELLS = 4
_SHIFT = 0.375
# Out of the coil's reach in some.
_BRAIN = (Part.WHITE, Part.GRAY, Part.PALE_BRAIN, Part.CSF)
_WITHOUT_BRAIN = 0.2


class StillHead:
    """One head, drawn around a tract.

    Args:
        neutral: contours of a neutral position, N = 1.
        rng: source of all that the contours do not say.
    """

    def __init__(self, neutral: Contours, rng: np.random.Generator) -> None:
        self.proportions = vary(draw_proportions(neutral, rng), rng)
        self.posture: Posture = draw_posture(rng)
        self._articulators = Articulators(neutral, self.proportions)
        palate = smooth(neutral.upper[0, 14:23])
        still = Image.new("L", (SIZE * _CELLS, SIZE * _CELLS))
        pen = ImageDraw.Draw(still)
        for code, points in shapes(self.proportions, palate):
            pen.polygon(self._corners(_dense(points)), fill=int(code))
        if rng.random() < _WITHOUT_BRAIN:
            table = np.arange(256)
            table[np.array(_BRAIN)] = Part.OUTSIDE
            still = still.point(table.tolist())
        mask = Image.new("L", still.size)
        ImageDraw.Draw(mask).polygon(self._corners(roof_outline(palate)), fill=255)
        box = mask.getbbox()
        if box is None:
            raise ValueError("the palate lies outside the frame")
        self._still, self._palate = still, (still.crop(box), box, mask.crop(box))

    def draw(self, contours: Contours) -> Iterator[tuple[UInt8, UInt8]]:
        """Codes and labels of N positions, (256, 256) each."""
        before, after = self._articulators.layers(contours)
        marks = self._articulators.marks(contours)
        for index in range(len(contours)):
            canvas = self._still.copy()
            pen = ImageDraw.Draw(canvas)
            for code, points in before:
                pen.polygon(self._corners(points[index]), fill=int(code))
            canvas.paste(*self._palate)
            for code, points in after:
                pen.polygon(self._corners(points[index]), fill=int(code))
            codes = np.asarray(canvas)[_CELLS // 2 :: _CELLS, _CELLS // 2 :: _CELLS]
            marked = {label: to_pixels(self.posture.apply(points[index])) for label, points in marks.items()}
            yield np.minimum(codes, CODES - 1), label_pixels(codes, marked)

    def _corners(self, points: Float64) -> Sequence[int]:
        cells = (to_pixels(self.posture.apply(points)) + 0.5) * _CELLS - 0.5
        corners: list[int] = np.floor(cells + _SHIFT + 0.5).astype(np.int64).ravel().tolist()
        return corners


def _dense(points: Float64) -> Float64:
    """A closed polygon with three points for each: long sides bend, too."""
    after = np.roll(points, -1, axis=0)
    return np.stack([points + share * (after - points) for share in (0.0, 1 / 3, 2 / 3)], axis=1).reshape(-1, 2)
