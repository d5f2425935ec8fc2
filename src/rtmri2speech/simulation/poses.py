"""The schematic talker's six poses: what the tongue, jaw and lips do, and which formants they make.

Places are in units of the picture's side, x to the right and y down, face to the left; a picture's
side stands for about 25 cm. A state between poses is a set of weights, shape (..., 6), that sum to 1:
the drawing blends outlines with them and the voice blends formants with the same ones, so that the
formants are a function of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pose:
    """One target of the articulators.

    Attributes:
        tongue: outline from the tip over the back to the root and along the floor of the mouth.
        jaw: opening of the jaw, radians.
        upper_lip: how far the upper lip is raised.
        lower_lip: how far the lower lip is raised against the jaw.
        protrusion: how far both lips are pushed forward.
        velum: 0 closed (vowels) to 1 hanging (breathing).
        formants: F1 and F2, Hz.
    """

    tongue: tuple[tuple[float, float], ...]
    jaw: float
    upper_lip: float
    lower_lip: float
    protrusion: float
    velum: float
    formants: tuple[float, float]


_FLOOR = ((0.60, 0.665), (0.50, 0.635), (0.42, 0.60))

# Formants: male Japanese vowels in words, Kyoto University (n = 765-917 a vowel). Shapes: after the
# area functions of Chiba and Kajiyama: /i/ narrow in front and wide behind, /a/ the reverse.
VOWELS = {
    "a": Pose(
        tongue=(
            *((0.335, 0.475), (0.375, 0.440), (0.45, 0.405), (0.54, 0.385), (0.63, 0.392), (0.695, 0.445)),
            *((0.722, 0.53), (0.69, 0.62), *_FLOOR, (0.355, 0.545)),
        ),
        jaw=0.130,
        upper_lip=0.006,
        lower_lip=0.0,
        protrusion=0.0,
        velum=0.0,
        formants=(753.0, 1385.0),
    ),
    "i": Pose(
        tongue=(
            *((0.318, 0.400), (0.350, 0.335), (0.43, 0.262), (0.51, 0.249), (0.59, 0.290), (0.640, 0.375)),
            *((0.645, 0.48), (0.635, 0.59), *_FLOOR, (0.335, 0.495)),
        ),
        jaw=0.035,
        upper_lip=0.002,
        lower_lip=0.0,
        protrusion=-0.006,
        velum=0.0,
        formants=(315.0, 2172.0),
    ),
    "u": Pose(
        tongue=(
            *((0.345, 0.430), (0.390, 0.360), (0.47, 0.300), (0.56, 0.262), (0.64, 0.292), (0.682, 0.375)),
            *((0.675, 0.48), (0.648, 0.59), *_FLOOR, (0.355, 0.505)),
        ),
        jaw=0.045,
        upper_lip=0.0,
        lower_lip=0.008,
        protrusion=0.004,
        velum=0.0,
        formants=(367.0, 1332.0),
    ),
    "e": Pose(
        tongue=(
            *((0.318, 0.430), (0.355, 0.375), (0.44, 0.318), (0.52, 0.303), (0.60, 0.335), (0.652, 0.410)),
            *((0.660, 0.50), (0.645, 0.60), *_FLOOR, (0.340, 0.515)),
        ),
        jaw=0.080,
        upper_lip=0.004,
        lower_lip=0.0,
        protrusion=-0.003,
        velum=0.0,
        formants=(500.0, 1947.0),
    ),
    "o": Pose(
        tongue=(
            *((0.365, 0.470), (0.405, 0.415), (0.48, 0.362), (0.57, 0.318), (0.66, 0.340), (0.710, 0.415)),
            *((0.718, 0.51), (0.685, 0.61), *_FLOOR, (0.370, 0.540)),
        ),
        jaw=0.085,
        upper_lip=-0.003,
        lower_lip=0.020,
        protrusion=0.022,
        velum=0.0,
        formants=(520.0, 997.0),
    ),
}
"""The five vowels."""

REST = Pose(
    tongue=(
        *((0.312, 0.385), (0.350, 0.325), (0.44, 0.280), (0.53, 0.275), (0.62, 0.318), (0.675, 0.400)),
        *((0.685, 0.50), (0.660, 0.60), *_FLOOR, (0.335, 0.490)),
    ),
    jaw=0.0,
    upper_lip=-0.006,
    lower_lip=0.010,
    protrusion=0.0,
    velum=1.0,
    formants=(500.0, 1500.0),
)
"""Lips closed, velum down, no voice."""

POSES: dict[str, Pose] = {**VOWELS, "rest": REST}
"""All poses; weights follow this order, rest last."""


def blend(values: list[float], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean of a value a pose: weights (..., 6) to (...)."""
    return np.asarray(weights @ np.array(values), dtype=np.float64)


def formants_of(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 and F2 in Hz, shape (..., 2), for weights (..., 6): the poses' weighted geometric mean."""
    return np.asarray(np.exp(weights @ np.log([pose.formants for pose in POSES.values()])), dtype=np.float64)
