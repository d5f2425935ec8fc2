"""What a tract loses, and what loads its ends: walls, friction and heat, the air before the lips, the glottis.

Plane waves in a tube with yielding walls (Sondhi and Schroeter 1987, "A hybrid time-frequency domain articulatory
speech synthesizer", IEEE Trans. ASSP 35, 955-967). With pressure p, volume flow U and complex frequency s
(j omega on the frequency axis):

    dp/dx = -(rho / A) (s + alpha) U,                     alpha(s) = sqrt(c1 s)
    dU/dx = -(A / (rho c^2)) (s + beta) p,                beta(s) = s omega0^2 / (s^2 + a s + b) + alpha

alpha is friction and heat conduction at the walls, beta - alpha their yielding. All functions here are analytic in s,
so that resonances can be looked for off the frequency axis. Units are the tract's own: cm, g, s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND

# A piston in an infinite baffle as resistance and mass side by side, in units of rho c / A (Flanagan 1972, "Speech
# Analysis, Synthesis and Perception", section 3.3, after Stevens, Kasowski and Fant 1953): 128 / (9 pi^2), and
# 8 / (3 pi) radii. For low frequencies that is the end correction of the lossless tube and (ka)^2 / 2.
_RADIATION_RESISTANCE = 128.0 / (9.0 * np.pi**2)
_END_CORRECTION = 8.0 / (3.0 * np.pi)
# Air at body temperature: density, g/cm^3, and viscosity, g/(cm s) (Flanagan 1972, section 3.2).
_DENSITY, _VISCOSITY = 1.14e-3, 1.86e-4
# Thickness and length of the folds, cm (Ishizaka and Flanagan 1972, Bell Syst. Tech. J. 51, 1233).
_FOLD_THICKNESS, _FOLD_LENGTH = 0.3, 1.4
_REFERENCE_AREA = 3.0


@dataclass(frozen=True)
class Fossa:
    """The piriform fossae, both as one side branch that is closed at its end, its area falling to zero there.

    They lower F1 to F3 and cut a zero into the spectrum (Dang and Honda 1997, J. Acoust. Soc. Am. 101, 456).

    Attributes:
        length_cm: to the end, with the correction of its opening.
        volume_cm3: of both together.
        at_share: where it opens into the tract, in shares of the tract's length from the glottis; the border of
            sections that is nearest is taken.
    """

    length_cm: float
    volume_cm3: float
    at_share: float


@dataclass(frozen=True)
class Losses:
    """Constants of walls and friction; the defaults are Sondhi and Schroeter's (1987), the same for every area.

    Attributes:
        wall_resonance_hz: omega0 / 2 pi, about the lowest resonance of a closed tract. Fant, Nord and Branderud
            (1976, STL-QPSR 17(4)) measured some 190 Hz in men and 220 Hz in women.
        wall_damping: a, resistance of the walls by their mass, 1/s.
        wall_stiffness_hz: sqrt(b) / 2 pi, resonance of the walls alone.
        friction: c1, friction and heat conduction, 1/s.
        by_perimeter: walls and friction count by perimeter over area, as those of a round tube, and the numbers above
            are those of 3 cm^2; narrow sections then lose more.
        radiation: count the air in front of the lips; without it the pressure is zero there.
        fossa: the piriform fossae, if they are to be counted.
    """

    wall_resonance_hz: float = 203.0
    wall_damping: float = 130.0 * np.pi
    wall_stiffness_hz: float = 15.0
    friction: float = 4.0
    by_perimeter: bool = False
    radiation: bool = True
    fossa: Fossa | None = None


NO_LOSSES = Losses(wall_resonance_hz=0.0, friction=0.0, radiation=False)
"""Hard walls, no friction, and no pressure at the lips."""


def round_tube_losses(mass: float, resistance: float, stiffness: float, fossa: Fossa | None = None) -> Losses:
    """Losses of round sections with walls of a mass, resistance and stiffness per area, and viscous friction.

    With perimeter S: omega0^2 = rho c^2 S / (A m), a = r / m, b = k / m, and friction (S / A) sqrt(s mu / rho)
    (Flanagan 1972, section 3.2), which here counts by half in either equation; heat conduction is left out.

    Args:
        mass: g/cm^2.
        resistance: g/(s cm^2).
        stiffness: g/(s^2 cm^2).
        fossa: as of :class:`Losses`.
    """
    perimeter = 2.0 * np.sqrt(np.pi / _REFERENCE_AREA)
    return Losses(
        wall_resonance_hz=float(SPEED_OF_SOUND * np.sqrt(_DENSITY * perimeter / mass) / (2.0 * np.pi)),
        wall_damping=resistance / mass,
        wall_stiffness_hz=float(np.sqrt(stiffness / mass) / (2.0 * np.pi)),
        friction=float((0.5 * perimeter) ** 2 * _VISCOSITY / _DENSITY),
        by_perimeter=True,
        fossa=fossa,
    )


VOCALTRACTLAB = round_tube_losses(2.4, 5000.0, 1e5, Fossa(length_cm=2.5, volume_cm3=1.5, at_share=0.115))
"""As the library behind the phantom has it (VocalTractLab API 2.4, ``tract_state_to_full_tube``), and so the formants
of the phantom's truth: walls of more than twice the resistance that has been measured, and fossae that branch off
behind its fourth section, some 11.5 % of the way to the lips. Formants agree within 1 %."""


@dataclass(frozen=True)
class Medium:
    """The factors s + alpha and s + beta, in 1/s, of sections of any area, for complex frequencies s.

    Attributes:
        s: (T, n), complex frequencies, 1/s.
        friction: alpha at 3 cm^2.
        yielding: beta - alpha at 3 cm^2.
        by_perimeter: as of :class:`Losses`.
    """

    s: NDArray[np.complex128]
    friction: NDArray[np.complex128]
    yielding: NDArray[np.complex128]
    by_perimeter: bool

    @classmethod
    def of(cls, s: NDArray[np.complex128], losses: Losses) -> Medium:
        """For complex frequencies in 1/s."""
        omega0, stiffness = 2.0 * np.pi * losses.wall_resonance_hz, 2.0 * np.pi * losses.wall_stiffness_hz
        yielding = s * omega0**2 / (s**2 + losses.wall_damping * s + stiffness**2)
        return cls(s, np.sqrt(losses.friction * s), yielding, losses.by_perimeter)

    def factors(self, area: Float64) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """s + alpha and s + beta at areas that broadcast against s, cm^2."""
        share = np.sqrt(_REFERENCE_AREA / area) if self.by_perimeter else 1.0
        of_flow = self.s + share * self.friction
        return of_flow, of_flow + share * self.yielding

    def slopes(self, area: Float64) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """A d/dA of both factors."""
        half = -0.5 * np.sqrt(_REFERENCE_AREA / area) if self.by_perimeter else 0.0
        return half * self.friction, half * (self.friction + self.yielding)


def radiation_load(
    s: NDArray[np.complex128], mouth: Float64, losses: Losses
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Radiation impedance of a mouth, and how it depends on its area.

    Args:
        s: complex frequencies, 1/s.
        mouth: areas of the last section, cm^2, that broadcast against them.
        losses: of the tract.

    Returns:
        z with impedance Z = rho c z, and A dz/dA.
    """
    if not losses.radiation:
        return np.zeros_like(s + mouth), np.zeros_like(s + mouth)
    mass = s * _END_CORRECTION * np.sqrt(mouth / np.pi) / SPEED_OF_SOUND
    share = _RADIATION_RESISTANCE / (_RADIATION_RESISTANCE + mass)
    load = mass * share / mouth
    return load, load * (0.5 * share - 1.0)


def radiation_phase(frequencies: Float64, mouth: Float64, losses: Losses) -> Float64:
    """The phase that the mass of the air before the lips adds to a tube without losses, radians."""
    if not losses.radiation:
        return np.zeros(np.broadcast_shapes(frequencies.shape, mouth.shape))
    correction = _END_CORRECTION * np.sqrt(mouth / np.pi)
    return np.asarray(np.arctan(2.0 * np.pi * frequencies / SPEED_OF_SOUND * correction))


def glottal_load(s: NDArray[np.complex128], opening: float) -> NDArray[np.complex128]:
    """Admittance of an open glottis in units of 1 / (rho c), cm^2; zero where it is closed.

    A slit of its area between the tract and free air below: friction 12 mu d l^2 / A^3 and mass rho d / A (Flanagan
    1972, section 3.5). Trachea and lungs are not modeled.

    Args:
        s: complex frequencies, 1/s.
        opening: area, cm^2.
    """
    if opening <= 0.0:
        return np.zeros_like(s)
    friction = 12.0 * _VISCOSITY / _DENSITY * _FOLD_THICKNESS * _FOLD_LENGTH**2 / opening**3
    return np.asarray(SPEED_OF_SOUND / (friction + s * _FOLD_THICKNESS / opening))


def glottal_phase(frequencies: Float64, first_area: Float64, opening: float) -> Float64:
    """The phase that an open glottis takes from a tube without losses, 0 (closed) to -pi/2 (wide open), radians."""
    if opening <= 0.0:
        return np.zeros(np.broadcast_shapes(frequencies.shape, first_area.shape))
    inertia = 2.0 * np.pi * frequencies * _FOLD_THICKNESS / (SPEED_OF_SOUND * opening)
    return np.asarray(-np.arctan2(1.0, inertia * first_area))
