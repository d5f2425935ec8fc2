"""Contours of the vocal tract, and what is derived from them before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.splines import smooth

# VocalTractLab keeps the midline of the tongue about 2 mm away from the palate even where the area is zero. A closed
# gap is drawn with the tongue raised by the first, wherever it is nearer than the second, less up to the third, cm.
_RAISE, _NEAR, _FAR = 0.29, 0.25, 0.80
# Without areas, a closure is recognized by how near the tongue is on how long a stretch: the sum over its points of
# what their distance lacks of the first; vowels stay below the second, closures above the third, cm.
_TELLING, _VOWELS, _CLOSURES = 0.30, 0.16, 0.24
# Points of the roof from which on that counts: the edge of the velum yields.
_FIRM = 5

TONGUE_STEPS = 2
"""Points of the drawn surface per point of the tongue's contour."""


@dataclass(frozen=True)
class Contours:
    """Outlines of N instants in cm, x forward and y up, with VocalTractLab's numbering of the points.

    Attributes:
        upper: shape (N, 34, 2).
        lower: shape (N, 28, 2).
        tongue: shape (N, 37, 2).
        epiglottis: shape (N, 7, 2).
        velum: shape (N,), velopharyngeal opening, cm^2; closed at 0 and below.
        closure: shape (N,), 1 where the tongue closes the tract, 0 where its narrowest section is open, cm^2 above
            some 0.15, between them in between. The outlines do not say; None guesses from the distances.
    """

    upper: Float64
    lower: Float64
    tongue: Float64
    epiglottis: Float64
    velum: Float64
    closure: Float64 | None = None

    def __len__(self) -> int:
        return len(self.velum)

    def at(self, places: NDArray[np.intp]) -> Contours:
        """Contours at some of the instants, by number (M,)."""
        return Contours(
            upper=self.upper[places],
            lower=self.lower[places],
            tongue=self.tongue[places],
            epiglottis=self.epiglottis[places],
            velum=self.velum[places],
            closure=None if self.closure is None else self.closure[places],
        )

    def between(self, places: Float64) -> Contours:
        """Contours at fractional instants (M,), linear between the two neighbors."""
        below = np.clip(np.floor(places).astype(np.int64), 0, max(len(self) - 2, 0))
        above = np.minimum(below + 1, len(self) - 1)
        share = places - below

        def at(values: Float64) -> Float64:
            weight = share.reshape(-1, *(1,) * (values.ndim - 1))
            return np.asarray(values[below] * (1.0 - weight) + values[above] * weight)

        return Contours(
            upper=at(self.upper),
            lower=at(self.lower),
            tongue=at(self.tongue),
            epiglottis=at(self.epiglottis),
            velum=at(self.velum),
            closure=None if self.closure is None else at(self.closure),
        )


class Jaw:
    """Places on the lower jaw, which moves as one with its incisor.

    Args:
        lower: shape (N, 28, 2), the lower contour.
        neutral: shape (2,), the base of the incisor from back to front in the neutral position.
    """

    def __init__(self, lower: Float64, neutral: Float64) -> None:
        self._origin = lower[:, 15:16]
        tooth = lower[:, 20] - lower[:, 15]
        angle = np.arctan2(tooth[:, 1], tooth[:, 0]) - np.arctan2(neutral[1], neutral[0])
        cos, sin = np.cos(angle), np.sin(angle)
        self._turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)

    def at(self, *points: Sequence[float]) -> Float64:
        """(N, P, 2) for P points given in cm from the rear of the incisor's base, in the neutral position."""
        return np.asarray(self._origin + np.asarray(points, np.float64) @ self._turn)


def tongue_surface(contours: Contours, roof: Float64) -> Float64:
    """The tongue from root to tip and along the underside, (N, 2 * 36 + 1, 2).

    The underside's corners are rounded, and where the tract is closed the gap to the roof of the mouth is, too.

    Args:
        contours: N instants.
        roof: shape (N, R, 2), from the velum to the edge of the upper incisors.
    """
    # A cubic Bézier curve over the last four points, whose corners are a cavity of VocalTractLab's making.
    t = np.linspace(0.0, 1.0, 3 * TONGUE_STEPS + 1)[1:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    tongue = contours.tongue
    surface = np.concatenate([smooth(tongue[:, :34], TONGUE_STEPS), basis @ tongue[:, 33:37]], axis=1)
    squared = (
        (surface**2).sum(-1)[..., None]
        + (roof**2).sum(-1)[:, None, :]
        - 2.0 * np.matmul(surface, np.swapaxes(roof, 1, 2))
    )
    nearest = squared.argmin(axis=-1)
    way = np.take_along_axis(roof, nearest[..., None], axis=1) - surface
    gap = np.sqrt((way**2).sum(axis=-1))
    closure = _guess(gap, nearest) if contours.closure is None else np.clip(contours.closure, 0.0, 1.0)
    fade = np.clip((gap - _NEAR) / (_FAR - _NEAR), 0.0, 1.0)
    step = closure[:, None] * _RAISE * (1.0 - fade) ** 2 * (1.0 + 2.0 * fade)
    return np.asarray(surface + way * (step / np.maximum(gap, 1e-6))[..., None])


def _guess(gap: Float64, nearest: NDArray[np.intp]) -> Float64:
    lacking = np.where(nearest >= _FIRM, np.clip(_TELLING - gap, 0.0, None), 0.0).sum(axis=1) / TONGUE_STEPS
    share = np.clip((lacking - _VOWELS) / (_CLOSURES - _VOWELS), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
