"""Contours of the vocal tract, and what is derived from them before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from rtmri2speech.simulation.curves import Floats, smooth

# A gap below the first is drawn closed, one above the second as it is, cm: VocalTractLab keeps the midline of the
# tongue 2 mm away from the palate even where a closure's area is zero.
_GAP_CLOSED, _GAP_OPEN = 0.215, 0.30
# How far a closed gap overlaps: the palate is painted over it, and no seam is left.
_OVERLAP = 0.05

TONGUE_STEPS = 2
"""Points of the drawn surface a point of the tongue's contour."""


@dataclass(frozen=True)
class Contours:
    """Outlines of N instants in cm, x forward and y up, with VocalTractLab's numbering of the points.

    Attributes:
        upper: shape (N, 34, 2).
        lower: shape (N, 28, 2).
        tongue: shape (N, 37, 2).
        epiglottis: shape (N, 7, 2).
        velum: shape (N,), velopharyngeal opening, cm^2; closed at 0 and below.
    """

    upper: Floats
    lower: Floats
    tongue: Floats
    epiglottis: Floats
    velum: Floats

    def __len__(self) -> int:
        return len(self.velum)

    def between(self, places: Floats) -> Contours:
        """Contours at fractional instants (M,), linear between the two neighbours."""
        below = np.clip(np.floor(places).astype(np.int64), 0, max(len(self) - 2, 0))
        above = np.minimum(below + 1, len(self) - 1)
        share = places - below

        def at(values: Floats) -> Floats:
            weight = share.reshape(-1, *(1,) * (values.ndim - 1))
            return np.asarray(values[below] * (1.0 - weight) + values[above] * weight)

        return Contours(*(at(getattr(self, field.name)) for field in fields(self)))


class Jaw:
    """Places on the lower jaw, which moves as one with its incisor.

    Args:
        lower: shape (N, 28, 2), the lower contour.
        neutral: shape (2,), the base of the incisor from back to front in the neutral position.
    """

    def __init__(self, lower: Floats, neutral: Floats) -> None:
        self._origin = lower[:, 15:16]
        tooth = lower[:, 20] - lower[:, 15]
        angle = np.arctan2(tooth[:, 1], tooth[:, 0]) - np.arctan2(neutral[1], neutral[0])
        cos, sin = np.cos(angle), np.sin(angle)
        self._turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)

    def at(self, *points: Sequence[float]) -> Floats:
        """(N, P, 2) for P points given in cm from the rear of the incisor's base, in the neutral position."""
        return np.asarray(self._origin + np.asarray(points, np.float64) @ self._turn)


def tongue_surface(tongue: Floats, roof: Floats) -> Floats:
    """The tongue from root to tip and along the underside, (N, 2 * 36 + 1, 2).

    The underside's corners are rounded, and narrow gaps to the roof of the mouth are closed.

    Args:
        tongue: shape (N, 37, 2).
        roof: shape (N, R, 2), from the velum to the edge of the upper incisors.
    """
    # A cubic Bézier curve over the last four points, whose corners are a cavity of VocalTractLab's making.
    t = np.linspace(0.0, 1.0, 3 * TONGUE_STEPS + 1)[1:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    surface = np.concatenate([smooth(tongue[:, :34], TONGUE_STEPS), basis @ tongue[:, 33:37]], axis=1)
    return _closed_up(surface, roof)


def _closed_up(surface: Floats, roof: Floats) -> Floats:
    squared = (
        (surface**2).sum(-1)[..., None]
        + (roof**2).sum(-1)[:, None, :]
        - 2.0 * np.matmul(surface, np.swapaxes(roof, 1, 2))
    )
    nearest = squared.argmin(axis=-1)
    way = np.take_along_axis(roof, nearest[..., None], axis=1) - surface
    gap = np.sqrt((way**2).sum(axis=-1, keepdims=True))
    wanted = np.maximum(_GAP_OPEN * (gap - _GAP_CLOSED) / (_GAP_OPEN - _GAP_CLOSED), -_OVERLAP)
    step = np.where(gap < _GAP_OPEN, gap - wanted, 0.0)
    return np.asarray(surface + way * (step / np.maximum(gap, 1e-6)))
