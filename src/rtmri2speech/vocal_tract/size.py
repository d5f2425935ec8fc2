"""The size of a pixel where nobody states it, from how long vocal tracts are."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Floating
from rtmri2speech.vocal_tract.contours import CONTOURS

TRACT_MM = 157.5
"""Length of an adult's vocal tract: the middle of 140 to 175 mm, women's and men's."""

TRACT_PER_OUTLINE = 0.847
"""Length of the tract, as a share of that of its outer outline; of simulated heads, who differ by 2.7 %
(``benchmarks/confidence.py``)."""

EXPECTED_ERROR = 0.07
"""Standard deviation of the estimate, as a share: that adults differ by (6 to 7 %), and outlines (2.7 %)."""


def outline_lengths(points: Floating) -> Float64:
    """Length of the tract's outer outline, of contours (T, K, P, 2), in their unit: (T,); NaN where one is missing.

    It is the pharyngeal wall, then velum and palate, and from there straight to the upper lip's foremost point.
    """
    wall, roof, lip = (points[:, CONTOURS.index(name)] for name in ("pharyngeal_wall", "palate_and_velum", "upper_lip"))
    return np.asarray(_length(wall) + _length(roof) + np.hypot(*(roof[:, -1] - lip[:, -1]).T), np.float64)


def estimate_pixel_mm(points: Floating) -> float | None:
    """Size of a pixel, mm, for contours (T, K, P, 2) in pixels; None where the contours that are needed are missing.

    Right within :data:`EXPECTED_ERROR` for adults, too large for children.
    """
    lengths = outline_lengths(points)
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(TRACT_MM / (TRACT_PER_OUTLINE * np.median(lengths))) if len(lengths) else None


def _length(lines: Floating) -> Floating:
    """Of each of some lines (T, P, 2)."""
    result: Floating = np.hypot(*np.moveaxis(np.diff(lines, axis=1), -1, 0)).sum(axis=1)
    return result
