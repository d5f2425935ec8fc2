"""Acoustics of a tube of sections: its resonances, and how they depend on the areas (sensitivity functions).

Plane waves without losses (Fant 1960); the glottis is closed, the lips radiate into the open. Losses and soft
walls move a formant by a few percent, but hardly where its energy is, which is what matters here.
Units are the tract's own: cm, cm^2, s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float64

SPEED_OF_SOUND = 35_000.0
"""Of warm, moist air, cm/s."""

# End correction of an opening in a baffle, in radii (8 / 3 pi, Rayleigh).
_END_CORRECTION = 8.0 / (3.0 * np.pi)
# Closed sections are given this area, so that a resonance can be computed at all.
_SMALLEST_AREA = 1e-3
_SCAN_STEP_HZ = 20.0
_BISECTIONS = 24


@dataclass(frozen=True)
class Sensitivity:
    """How the resonances of a tube depend on its areas.

    Attributes:
        frequencies: shape (..., n), resonances of the tube without losses, Hz; NaN where there are fewer.
        values: shape (..., n, K): dF_n / F_n = sum_i values[n, i] dA_i / A_i for small changes of the areas.
    """

    frequencies: Float64
    values: Float64


def resonances(lengths: Float64, areas: Float64, count: int = 4, *, radiation: bool = True) -> Float64:
    """Resonances of tubes closed at the first section and open at the last.

    Args:
        lengths: shape (..., K), cm, from glottis to lips.
        areas: shape (..., K), cm^2.
        count: how many, from the lowest.
        radiation: count the air in front of the lips as part of the tube; without it the pressure is zero there.

    Returns:
        Shape (..., count), Hz; NaN where there are fewer in the range that a uniform tube would need.
    """
    lead = np.broadcast_shapes(lengths.shape, areas.shape)[:-1]
    flat_lengths = np.broadcast_to(lengths, (*lead, lengths.shape[-1])).reshape(-1, lengths.shape[-1])
    flat_areas = np.maximum(np.broadcast_to(areas, (*lead, areas.shape[-1])), _SMALLEST_AREA)
    flat_areas = flat_areas.reshape(-1, areas.shape[-1])
    top = (count + 1.5) * SPEED_OF_SOUND / (2.0 * float(flat_lengths.sum(axis=1).min()))
    grid = np.arange(_SCAN_STEP_HZ, top, _SCAN_STEP_HZ)
    low, high = np.full((2, len(flat_lengths), count), np.nan)
    at_lips = _pressure_at_lips(grid[None, :], flat_lengths, flat_areas, radiation)
    for row, crossings in enumerate(np.signbit(at_lips[:, 1:]) != np.signbit(at_lips[:, :-1])):
        found = np.flatnonzero(crossings)[:count]
        low[row, : len(found)], high[row, : len(found)] = grid[found], grid[found + 1]
    rising = np.signbit(_pressure_at_lips(low, flat_lengths, flat_areas, radiation))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        same = np.signbit(_pressure_at_lips(middle, flat_lengths, flat_areas, radiation)) == rising
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(((low + high) / 2.0).reshape(*lead, count))


def _pressure_at_lips(frequencies: Float64, lengths: Float64, areas: Float64, radiation: bool) -> Float64:
    """Pressure beyond the lips for unit pressure at the glottis: (F or B, F) Hz and (B, K) sections to (B, F)."""
    pressure, flow = np.broadcast_arrays(np.ones((len(lengths), 1)), np.zeros(frequencies.shape))
    pressure, flow = pressure.copy(), np.zeros(pressure.shape)
    wavenumber = 2.0 * np.pi * frequencies / SPEED_OF_SOUND
    for length, area in zip(lengths.T[:, :, None], areas.T[:, :, None], strict=True):
        cos, sin = np.cos(wavenumber * length), np.sin(wavenumber * length)
        pressure, flow = pressure * cos + flow * sin / area, flow * cos - pressure * sin * area
    if not radiation:
        return pressure
    mouth = areas[:, -1:]
    return np.asarray(pressure + flow * wavenumber * _END_CORRECTION * np.sqrt(mouth / np.pi) / mouth)


def sensitivity(lengths: Float64, areas: Float64, count: int = 2, *, radiation: bool = True) -> Sensitivity:
    """Sensitivity functions S_1 .. S_n of tubes, in the energy formulation.

    S_n(i) = (KE_i - PE_i) / sum(KE + PE), with the kinetic and potential energy in section i at the n-th
    resonance (Fant 1975, STL-QPSR 16(4); Story 2006, J. Acoust. Soc. Am. 119, 715). The energies are exact
    integrals over the section. The air in front of the lips moves with the last section: its inertia goes with the
    opening's radius, so that half of its energy's share counts there.

    Args:
        lengths: shape (..., K), cm, from glottis to lips.
        areas: shape (..., K), cm^2.
        count: how many resonances.
        radiation: as in :func:`resonances`.
    """
    frequencies = resonances(lengths, areas, count, radiation=radiation)
    area = np.maximum(areas, _SMALLEST_AREA)[..., None, :]
    phase = 2.0 * np.pi * frequencies[..., None] / SPEED_OF_SOUND * lengths[..., None, :]
    pressure, flow = np.ones(frequencies.shape), np.zeros(frequencies.shape)
    total, difference = np.zeros(phase.shape), np.zeros(phase.shape)
    for index in range(phase.shape[-1]):
        k, a, length = phase[..., index], area[..., index], lengths[..., None, index]
        # In units of 1 / (2 rho c^2): kinetic flow^2 / area, potential pressure^2 * area, each per cm.
        kinetic, potential = flow**2 / a, pressure**2 * a
        double = np.where(k > 0, 2.0 * k, 1.0)
        total[..., index] = (kinetic + potential) * length
        difference[..., index] = length * (
            (kinetic - potential) * np.sin(double) / double - 2.0 * flow * pressure * (1.0 - np.cos(double)) / double
        )
        cos, sin = np.cos(k), np.sin(k)
        pressure, flow = pressure * cos + flow * sin / a, flow * cos - pressure * sin * a
    everything = total.sum(axis=-1)
    if radiation:
        outside = flow**2 / area[..., -1] * _END_CORRECTION * np.sqrt(area[..., -1] / np.pi)
        everything = everything + outside
        difference[..., -1] += 0.5 * outside
    return Sensitivity(frequencies, difference / everything[..., None])
