"""The size of a pixel where nobody states it, from how long vocal tracts are."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.tract.contours import CONTOURS

OUTLINE_MM = 140.0
"""Length of pharyngeal wall and of palate and velum together, mm, in a tract of 16 cm, between women's and men's."""

_LEAST_FRAMES = 1


def estimate_pixel_mm(points: Floating) -> float | None:
    """Size of a pixel, mm, for contours (T, K, P, 2) in pixels; None where the contours that are needed are missing.

    Adults' tracts are 14 to 17.5 cm long, so the estimate is right within some 10 %.
    """
    lengths = [
        np.hypot(*np.moveaxis(np.diff(points[:, CONTOURS.index(name)], axis=1), -1, 0)).sum(axis=1)
        for name in ("pharyngeal_wall", "palate_and_velum")
    ]
    both = lengths[0] + lengths[1]
    both = both[np.isfinite(both) & (both > 0)]
    return float(OUTLINE_MM / np.median(both)) if len(both) >= _LEAST_FRAMES else None
