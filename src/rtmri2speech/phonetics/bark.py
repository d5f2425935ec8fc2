"""The Bark scale: frequency as the ear divides it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def hz_to_bark(hz: Floats) -> Floats:
    """Critical-band rate of frequencies, Bark, by Traunmüller (1990, J. Acoust. Soc. Am. 88, 97-100).

    z = 26.81 f / (1960 + f) - 0.53, with his corrections below 2 and above 20.1 Bark.
    """
    z = 26.81 * np.asarray(hz, np.float64) / (1960.0 + np.asarray(hz, np.float64)) - 0.53
    z = np.where(z < 2.0, z + 0.15 * (2.0 - z), z)
    return np.where(z > 20.1, z + 0.22 * (z - 20.1), z)
