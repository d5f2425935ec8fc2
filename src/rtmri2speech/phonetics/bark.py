"""The Bark scale: frequency in critical bands, as the ear resolves it."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64


def hz_to_bark(hz: Float64) -> Float64:
    """Critical-band rate of frequencies, Bark.

    z = 26.81 f / (1960 + f) - 0.53, corrected to z + 0.15 (2 - z) below 2 Bark and to z + 0.22 (z - 20.1) above
    20.1 Bark. Source: Traunmüller 1990, "Analytical expressions for the tonotopic sensory scale", J. Acoust. Soc.
    Am. 88, 97-100.

    Args:
        hz: any shape, Hz.
    """
    frequency = np.asarray(hz, np.float64)
    z = 26.81 * frequency / (1960.0 + frequency) - 0.53
    z = np.where(z < 2.0, z + 0.15 * (2.0 - z), z)
    return np.where(z > 20.1, z + 0.22 * (z - 20.1), z)
