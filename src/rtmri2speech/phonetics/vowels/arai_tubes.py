"""Arai's tubes after Chiba and Kajiyama (1942): shapes of the vocal tract that produce the five Japanese vowels."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64

PLATE_CM = 1.0
"""Thickness of a plate, cm; a tube is a row of plates, each with a hole."""

TUBES: dict[str, tuple[int, ...]] = {
    "i": (24, 14, 12, 10, 10, 10, 16, 24, 32, 32, 32, 32, 32, 32, 12, 12),
    "e": (24, 22, 22, 20, 18, 16, 16, 18, 24, 28, 30, 30, 30, 30, 12, 12),
    "a": (32, 28, 30, 34, 38, 38, 34, 30, 26, 20, 14, 12, 16, 26, 12, 12),
    "o": (14, 22, 26, 32, 38, 38, 34, 28, 22, 16, 14, 16, 22, 30, 12, 12),
    "u": (16, 14, 20, 22, 24, 26, 22, 14, 18, 26, 30, 30, 30, 30, 12, 12),
}
"""Diameters of the holes by vowel, mm, from the lips to the glottis."""


def tube_areas(vowel: str) -> Float64:
    """Cross-sectional areas of a tube, (16,), cm^2, from the glottis to the lips.

    Raises:
        KeyError: for another vowel.
    """
    diameters = np.array(TUBES[vowel][::-1], np.float64) / 10.0
    return np.asarray(np.pi * diameters**2 / 4.0)
