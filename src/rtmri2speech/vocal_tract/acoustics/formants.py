"""Formants of the lossy vocal tract with their bandwidths, and how they depend on its areas and lengths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.vocal_tract.acoustics.chain import Chain, Section
from rtmri2speech.vocal_tract.acoustics.losses import Losses, Medium, radiation_load
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND
from rtmri2speech.vocal_tract.acoustics.phase_count import lossless_starts
from rtmri2speech.vocal_tract.acoustics.tubes import Tubes, cut_at_closures

HIGHEST_HZ = 8000.0
"""Formants above are not looked for; waves are no longer plane there."""

# Bandwidth that the search starts from, Hz.
_TYPICAL_BANDWIDTH = 60.0
_STEPS = 30
_TOLERANCE_HZ = 1e-4
# Of finite differences along the analytic determinant, relative.
_NUDGE = 1e-5
_LONGEST_STEP_HZ = 150.0
_APART_HZ = 0.01
_CHUNK = 256
_SMALL = 1e-8
_NOTHING = complex(np.nan, np.nan)

_Pair: TypeAlias = tuple[NDArray[np.complex128], NDArray[np.complex128]]


@dataclass(frozen=True)
class TubeFormants:
    """Natural frequencies of tubes: of poles s_n of the transfer function, F = Im s / 2 pi and B = -Re s / pi.

    A tube with a closed section (0 area) is the cavity from the glottis to the first closure, shut at both ends: F1
    is then the resonance of its walls, about 200 Hz, which is how a voiced stop sounds, F2 the half wave of the
    cavity, and so on; it does not depend on anything from the closure on. Nothing is left of a tube that is closed
    at the glottis.

    Attributes:
        frequencies: (..., n), F1 to Fn, Hz, ascending; NaN where there are fewer below 8 kHz, where nothing is left of
            the tube, where areas or lengths are NaN, and for walls that are damped too much to swing.
        bandwidths: (..., n), Hz.
        area_sensitivity: (..., n, K), S: dF_n / F_n = sum_k S_n(k) dA_k / A_k. NaN at the closure, 0 beyond.
        length_sensitivity: (..., n, K): dF_n / F_n = sum_k S_n(k) dl_k / l_k, negative where a longer section lowers
            the formant. 0 from the closure on.
        closure: (...,), number of the first closed section, -1 where the tube is open.
    """

    frequencies: Float64
    bandwidths: Float64
    area_sensitivity: Float64
    length_sensitivity: Float64
    closure: Int64

    @property
    def closed(self) -> Bool:
        """(...,), whether the tube is closed somewhere."""
        return np.asarray(self.closure >= 0)


def tube_formants(
    lengths: Float64, areas: Float64, count: int = 4, *, losses: Losses | None = None, glottis_cm2: float = 0.0
) -> TubeFormants:
    """Formants, bandwidths and sensitivity functions of the vocal tract.

    The first resonances of the tube without losses, of which none can be missed, are where a Newton search for the
    complex zeros of the lossy tract's determinant starts, all of a frame at once so that no two become one (Ehrlich
    1967, Aberth 1973, Math. Comp. 27, 339). The sensitivity functions are exact derivatives of these zeros: of a
    chain of matrices, the derivative by one section is what has come to it times what follows. The nose is not
    modeled: where the velum is down, formants are those of the mouth alone.

    Args:
        lengths: (..., K), cm, from glottis to lips.
        areas: (..., K), cm^2; at most 0.001 is closed.
        count: how many formants.
        losses: of the tract; Sondhi and Schroeter's (1987) by default.
        glottis_cm2: area of the glottis, open to free air; 0 is closed.

    Raises:
        UserError: for sections without length or of negative area, or shapes that do not fit.
    """
    losses = losses or Losses()
    tubes, lead = cut_at_closures(lengths, areas)
    parts = [
        _of_chunk(tubes.only(slice(first, first + _CHUNK)), count, losses, glottis_cm2)
        for first in range(0, len(tubes.areas), _CHUNK)
    ]
    size = tubes.areas.shape[1]
    roots = np.concatenate([np.empty((0, count), np.complex128), *(part[0] for part in parts)])
    by_area, by_length = (
        np.concatenate([np.empty((0, count, size)), *(part[which] for part in parts)]) for which in (1, 2)
    )
    return TubeFormants(
        frequencies=roots.imag.reshape(*lead, count) / (2.0 * np.pi),
        bandwidths=-roots.real.reshape(*lead, count) / np.pi,
        area_sensitivity=by_area.reshape(*lead, count, size),
        length_sensitivity=by_length.reshape(*lead, count, size),
        closure=tubes.closure.reshape(lead),
    )


def _of_chunk(
    tubes: Tubes, count: int, losses: Losses, glottis: float
) -> tuple[NDArray[np.complex128], Float64, Float64]:
    roots = _zeros(tubes, count, losses, glottis)
    found = np.isfinite(roots)
    safe = np.where(found, roots, 2j * np.pi * HIGHEST_HZ)
    by_area, by_length = _sensitivities(safe, tubes, losses, glottis)
    by_area, by_length = (np.where(found[..., None], values, np.nan) for values in (by_area, by_length))
    at_closure = np.flatnonzero(tubes.closed)
    by_area[at_closure, :, tubes.closure[at_closure]] = np.nan
    return roots, by_area, by_length


def _zeros(tubes: Tubes, count: int, losses: Losses, glottis: float) -> NDArray[np.complex128]:
    """Complex resonances (T, count), 1/s, by ascending frequency; NaN where there are fewer."""
    # One more than asked for, so that the last one has a neighbor to keep it in place.
    hertz = lossless_starts(tubes, count + 1, HIGHEST_HZ, losses, glottis)
    hertz[~tubes.known] = np.nan
    # Starts may be one to the last bit, and could then not be told apart ever after.
    hertz += _APART_HZ * np.arange(count + 1)
    # Yielding walls act as a high-pass on the wave's square frequency.
    roots = np.pi * (2j * np.sqrt(hertz**2 + losses.wall_resonance_hz**2) - _TYPICAL_BANDWIDTH)
    wanted, moving = np.isfinite(hertz), np.isfinite(hertz)
    longest = 2.0 * np.pi * _LONGEST_STEP_HZ
    for _ in range(_STEPS):
        rows = np.flatnonzero(moving.any(axis=1))
        if len(rows) == 0:
            break
        step = _aberth_step(roots[rows], tubes.only(rows), losses, glottis)
        size = np.abs(step)
        roots[rows] -= step * np.minimum(1.0, longest / np.maximum(size, 1e-12))
        moving[rows] = size > 2.0 * np.pi * _TOLERANCE_HZ
    # Of walls that do not swing the lowest resonances have no frequency: they come first.
    lost = moving | ~(roots.imag > 0.0)
    order = np.argsort(np.where(lost, np.where(wanted, 0.0, np.inf), roots.imag), axis=1)
    return np.take_along_axis(np.where(lost, _NOTHING, roots), order, axis=1)[:, :count]


def _aberth_step(roots: NDArray[np.complex128], tubes: Tubes, losses: Losses, glottis: float) -> NDArray[np.complex128]:
    """Newton's step, kept away from the other roots of its tube; NaN where the root is."""
    count = roots.shape[1]
    safe = np.where(np.isfinite(roots), roots, 2j * np.pi * HIGHEST_HZ)
    nudge = _NUDGE * np.abs(safe)
    values = Chain(np.concatenate([safe, safe + nudge], axis=1), tubes, losses, glottis).determinant()
    newton = values[:, :count] * nudge / (values[:, count:] - values[:, :count])
    apart = roots[:, :, None] - roots[:, None, :]
    others = np.isfinite(apart) & (apart != 0.0)
    repulsion = np.where(others, 1.0 / np.where(others, apart, 1.0), 0.0).sum(axis=2)
    return np.asarray(np.where(np.isfinite(roots), newton / (1.0 - newton * repulsion), _NOTHING))


def _sensitivities(
    roots: NDArray[np.complex128], tubes: Tubes, losses: Losses, glottis: float
) -> tuple[Float64, Float64]:
    """Relative derivatives of the frequencies of zeros (T, n) by areas and lengths, each (T, n, K)."""
    chain = Chain(roots, tubes, losses, glottis)
    sections = list(chain.sections())
    states = [chain.start()]
    for section in sections:
        states.append(section.forward(*states[-1]))
    weights = chain.end()
    by_area = np.empty((*roots.shape, len(sections)), np.complex128)
    by_length = np.empty_like(by_area)
    for index in range(len(sections) - 1, -1, -1):
        section, length, area = sections[index], tubes.lengths[:, index, None], tubes.areas[:, index, None]
        if section.branch is not None:
            weights = weights[0] - section.branch * weights[1], weights[1]
        by_area[..., index] = _dot(weights, _by_area(chain.medium, section, length, area, states[index]))
        by_length[..., index] = _dot(weights, _by_length(chain.medium, section, length, area, states[index]))
        weights = (
            section.even * weights[0] - section.flow_by_pressure * weights[1],
            section.even * weights[1] - section.pressure_by_flow * weights[0],
        )
    by_area[..., -1] += _by_mouth(chain, states[-1][1])
    slope = _slope(roots, tubes, losses, glottis)
    # Where no resonance was found, the determinant may not change at all.
    scale = (-1.0 / np.where(slope == 0.0, 1.0, slope))[..., None]
    imaginary = roots.imag[..., None]
    return (by_area * scale).imag / imaginary, (by_length * scale).imag / imaginary


def _dot(weights: _Pair, state: _Pair) -> NDArray[np.complex128]:
    return np.asarray(weights[0] * state[0] + weights[1] * state[1])


def _by_area(medium: Medium, section: Section, length: Float64, area: Float64, state: _Pair) -> _Pair:
    """A d/dA of pressure and flow at the end of a section, without what branches off there, of those at its start."""
    (pressure, flow), delay = state, length / SPEED_OF_SOUND
    after = section.pressure_by_flow * flow, -section.flow_by_pressure * pressure
    if not medium.by_perimeter:
        return after
    of_flow, of_pressure = medium.factors(area)
    by_flow, by_pressure = medium.slopes(area)
    # With angle^2 = of_flow of_pressure delay^2: half its change, and (cosh - sinh / angle) / angle^2.
    change = 0.5 * delay**2 * (by_flow * of_pressure + by_pressure * of_flow)
    square = of_flow * of_pressure * delay**2
    small = np.abs(square) < _SMALL
    bend = np.where(small, 1.0 / 3.0, (section.even - section.odd) / np.where(small, 1.0, square)) * change
    even = section.odd * change
    pressure_by_flow = delay / area * (by_flow * section.odd + of_flow * bend)
    flow_by_pressure = delay * area * (by_pressure * section.odd + of_pressure * bend)
    return (
        after[0] + even * pressure - pressure_by_flow * flow,
        after[1] + even * flow - flow_by_pressure * pressure,
    )


def _by_length(medium: Medium, section: Section, length: Float64, area: Float64, state: _Pair) -> _Pair:
    """The same by length: the wave's equations themselves."""
    delay = length / SPEED_OF_SOUND
    of_flow, of_pressure = medium.factors(area)
    pressure, flow = replace(section, branch=None).forward(*state)
    return -delay / area * of_flow * flow, -delay * area * of_pressure * pressure


def _by_mouth(chain: Chain, flow: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """A d/dA of the determinant by the air before the lips, which goes with the last section."""
    _, slope = radiation_load(chain.s, chain.tubes.areas[:, -1:], chain.losses)
    return np.asarray(np.where(chain.tubes.closed[:, None], 0.0, -slope * chain.clearing * flow))


def _slope(roots: NDArray[np.complex128], tubes: Tubes, losses: Losses, glottis: float) -> NDArray[np.complex128]:
    """Derivative of the determinant by s, from both sides."""
    nudge = _NUDGE * np.abs(roots)
    values = Chain(np.concatenate([roots + nudge, roots - nudge], axis=1), tubes, losses, glottis).determinant()
    count = roots.shape[1]
    return np.asarray((values[:, :count] - values[:, count:]) / (2.0 * nudge))
