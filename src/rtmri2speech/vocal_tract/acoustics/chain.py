"""Chain matrices of tubes: from the glottis to the lips, section by section, for all frames at once.

Sections of a tube are taken from the glottis to the first closed one; what lies in front of a closure is not heard
at the glottis' end, and nothing of it comes out. The nose is not modeled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.vocal_tract.acoustics.losses import Losses, Medium, glottal_load, radiation_load
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND
from rtmri2speech.vocal_tract.acoustics.tubes import Tubes, cut_at_closures, fossa_tube

# Below this sinh(x) / x is one to the last bit.
_TINY = 1e-9
_LOWEST_HZ = 1e-3


@dataclass(frozen=True)
class Section:
    """Chain matrix of a section for n complex frequencies (Sondhi and Schroeter 1987), p and u = rho c U.

    p' = even p - pressure_by_flow u, u' = even u - flow_by_pressure p, written so that it has no branch in s; and the
    admittance of what opens into the section's far end, if anything does.
    """

    even: NDArray[np.complex128]
    odd: NDArray[np.complex128]
    pressure_by_flow: NDArray[np.complex128]
    flow_by_pressure: NDArray[np.complex128]
    branch: NDArray[np.complex128] | None

    def forward(
        self, pressure: NDArray[np.complex128], flow: NDArray[np.complex128]
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """To the section's end that looks to the lips."""
        after = self.even * pressure - self.pressure_by_flow * flow
        flow = self.even * flow - self.flow_by_pressure * pressure
        return after, flow if self.branch is None else flow - self.branch * after

    def backward(
        self, pressure: NDArray[np.complex128], flow: NDArray[np.complex128]
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """From the section's end that looks to the lips, of a section without branch."""
        return self.even * pressure + self.pressure_by_flow * flow, self.even * flow + self.flow_by_pressure * pressure


@dataclass(frozen=True)
class _Wave:
    """What sections of one length have in common where losses do not depend on the area: all but impedances."""

    even: NDArray[np.complex128]
    odd: NDArray[np.complex128]
    of_flow: NDArray[np.complex128]
    of_pressure: NDArray[np.complex128]

    @classmethod
    def through(cls, medium: Medium, length: Float64, area: Float64) -> _Wave:
        delay = length / SPEED_OF_SOUND
        of_flow, of_pressure = medium.factors(area)
        angle = np.sqrt(of_flow * of_pressure) * delay
        up: NDArray[np.complex128] = np.exp(angle)
        down = 1.0 / up
        small = np.abs(angle) < _TINY
        if small.any():
            odd = np.where(small, 1.0 + 0.0j, (up - down) * 0.5 / np.where(small, 1.0, angle))
        else:
            odd = (up - down) * 0.5 / angle
        wave = delay * odd
        return cls(np.asarray((up + down) * 0.5, np.complex128), odd, of_flow * wave, of_pressure * wave)

    def section(self, area: Float64, branch: NDArray[np.complex128] | None) -> Section:
        return Section(self.even, self.odd, self.of_flow / area, self.of_pressure * area, branch)


def section_matrix(
    medium: Medium, length: Float64, area: Float64, branch: NDArray[np.complex128] | None = None
) -> Section:
    """The matrix of a section of lengths and areas that broadcast against the frequencies."""
    return _Wave.through(medium, length, area).section(area, branch)


class Chain:
    """Tubes at complex frequencies (T, n) in 1/s: their sections, and what stands at both ends."""

    def __init__(self, s: NDArray[np.complex128], tubes: Tubes, losses: Losses, glottis: float) -> None:
        self.s, self.tubes, self.losses, self.glottis = s, tubes, losses, glottis
        self.medium = Medium.of(s, losses)
        self._branches = tubes.branch_sections(losses.fossa)
        pressure, self._admittance = self._side_branch()
        # What the poles of the side branch are cleared by.
        self.clearing = np.where((self._branches >= 0)[:, None], pressure, 1.0)

    def _side_branch(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Pressure at the side branch's opening by that at its end, and its admittance there."""
        pressure, flow = np.ones_like(self.s), np.zeros_like(self.s)
        if self.losses.fossa is not None:
            for length, area in zip(*fossa_tube(self.losses.fossa), strict=True):
                pressure, flow = section_matrix(self.medium, length, area).backward(pressure, flow)
        return pressure, flow / pressure

    def sections(self) -> Iterator[Section]:
        """From glottis to lips."""
        lengths, areas = self.tubes.lengths.T[:, :, None], self.tubes.areas.T[:, :, None]
        wave: _Wave | None = None
        for index, (length, area) in enumerate(zip(lengths, areas, strict=True)):
            if wave is None or self.medium.by_perimeter or not np.array_equal(length, lengths[index - 1]):
                wave = _Wave.through(self.medium, length, area)
            here: Bool = self._branches == index
            branch = np.where(here[:, None], self._admittance, 0.0) if here.any() else None
            yield wave.section(area, branch)

    def start(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Pressure one at the glottis, and the flow that goes with it."""
        return np.ones_like(self.s), -glottal_load(self.s, self.glottis)

    def end(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Weights of pressure and flow at the far end whose sum vanishes at a resonance.

        Pressure less radiation impedance times flow where the lips are open, the flow where the tube is closed; times
        what clears the poles of the side branch.
        """
        mouth = self.tubes.areas[:, -1:]
        load, _ = radiation_load(self.s, mouth, self.losses)
        closed = self.tubes.closed[:, None]
        return np.where(closed, 0.0, self.clearing), np.where(closed, 1.0 / mouth, -load) * self.clearing

    def determinant(self) -> NDArray[np.complex128]:
        """Zero at the resonances, (T, n)."""
        pressure, flow = self.start()
        for section in self.sections():
            pressure, flow = section.forward(pressure, flow)
        of_pressure, of_flow = self.end()
        return np.asarray(of_pressure * pressure + of_flow * flow)

    def transfer(self) -> NDArray[np.complex128]:
        """Flow at the lips by flow at the glottis, (T, n); of open tubes."""
        of_pressure, _ = self.end()
        return np.asarray(of_pressure / self.determinant())


def transfer_function(
    lengths: Float64,
    areas: Float64,
    frequencies: Float64,
    *,
    losses: Losses | None = None,
    glottis_cm2: float = 0.0,
) -> NDArray[np.complex128]:
    """Volume flow at the lips by volume flow at the glottis.

    1 / (A - C Z) with A and C of the tract's chain matrix and Z the radiation impedance (Sondhi and Schroeter 1987).

    Args:
        lengths: (..., K), cm, from glottis to lips.
        areas: (..., K), cm^2; 0 is closed.
        frequencies: (F,), Hz.
        losses: of the tract; Sondhi and Schroeter's by default.
        glottis_cm2: area of the glottis; where it is open, part of the source's flow goes down.

    Returns:
        (..., F), complex; 0 where the tract is closed, NaN where lengths or areas are.

    Raises:
        UserError: for sections without length or of negative area, or shapes that do not fit.
    """
    tubes, lead = cut_at_closures(lengths, areas)
    # Zero is a limit: walls stand still there.
    hertz = np.maximum(np.asarray(frequencies, np.float64), _LOWEST_HZ)
    result = np.zeros((len(tubes.areas), len(hertz)), np.complex128)
    is_open = ~tubes.closed
    s = 2j * np.pi * np.broadcast_to(hertz, (int(is_open.sum()), len(hertz)))
    result[is_open] = Chain(s, tubes.only(is_open), losses or Losses(), glottis_cm2).transfer()
    result[~tubes.known & is_open] = np.nan
    return result.reshape(*lead, -1)
