"""Resonances of tubes without losses by the phase that a wave gathers on its way: none can be missed or swapped.

With pressure cos(phi) and flow -A sin(phi) (in units of 1 / rho c), phi grows by omega l / c in a section, and at a
change of area tan(phi) goes with 1 / A in the same quadrant (Pruefer 1926; for horns Benade and Jansson 1974, Acustica
31, 79). The sum grows with frequency, so that the n-th resonance is where it reaches a known value, however near
the next one is.
"""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.acoustics.losses import Fossa, Losses, glottal_phase, radiation_phase
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND
from rtmri2speech.vocal_tract.acoustics.tubes import Tubes, fossa_tube

# 8 kHz / 2^12: 2 Hz, near enough for a start.
_BISECTIONS = 12


def lossless_starts(tubes: Tubes, count: int, highest: float, losses: Losses, glottis: float) -> Float64:
    """The first resonances without walls and friction, the masses at both ends counted.

    Args:
        tubes: T of them.
        count: how many.
        highest: Hz; no resonance above is looked for.
        losses: for the air before the lips.
        glottis: area, cm^2.

    Returns:
        (T, count), Hz; NaN where there are fewer. The first one of a tube that is closed at both ends is 0.
    """
    number = np.arange(1, count + 1)
    # A quarter wave is left over where the lips are open.
    wanted = np.pi * (number - np.where(tubes.closed, 1.0, 0.5)[:, None])
    low = np.zeros(wanted.shape)
    high = np.full(wanted.shape, highest)
    beyond = _phase(np.full((len(wanted), 1), highest), tubes, losses, glottis) < wanted
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        above = _phase(middle, tubes, losses, glottis) >= wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(beyond, np.nan, np.where(wanted > 0.0, (low + high) / 2.0, 0.0))


def _phase(frequencies: Float64, tubes: Tubes, losses: Losses, glottis: float) -> Float64:
    """Phase at the far end, (T, n) Hz to (T, n) radians."""
    wavenumber = 2.0 * np.pi / SPEED_OF_SOUND * frequencies
    lengths, areas = tubes.lengths.T[:, :, None], tubes.areas.T[:, :, None]
    branches = tubes.branch_sections(losses.fossa)
    phase = glottal_phase(frequencies, areas[0], glottis)
    for index in range(len(lengths)):
        phase = phase + wavenumber * lengths[index]
        if losses.fossa is not None and (branches == index).any():
            joined = _join(phase, areas[index], wavenumber, losses.fossa)
            phase = np.where((branches == index)[:, None], joined, phase)
        if index + 1 < len(lengths):
            phase = _step(phase, areas[index] / areas[index + 1])
    at_lips = radiation_phase(frequencies, areas[-1], losses)
    return np.asarray(phase + np.where(tubes.closed[:, None], 0.0, at_lips))


def _step(phase: Float64, ratio: Float64) -> Float64:
    """Phase beyond a change of area, by the area before over the area after."""
    turns = np.pi * np.round(phase / np.pi)
    return np.asarray(turns + np.arctan(np.tan(phase - turns) * ratio))


def _join(phase: Float64, area: Float64, wavenumber: Float64, fossa: Fossa) -> Float64:
    """Phase beyond the opening of a side branch: flows add, and so do the turns that both have made."""
    side = np.zeros(wavenumber.shape)
    lengths, areas = fossa_tube(fossa)
    for index, length in enumerate(lengths):
        side = side + wavenumber * length
        if index + 1 < len(lengths):
            side = _step(side, areas[index] / areas[index + 1])
    turns, side_turns = np.pi * np.round(phase / np.pi), np.pi * np.round(side / np.pi)
    flow = np.tan(phase - turns) + areas[-1] / area * np.tan(side - side_turns)
    return np.asarray(turns + side_turns + np.arctan(flow))
