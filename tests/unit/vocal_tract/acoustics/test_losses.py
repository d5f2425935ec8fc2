"""Constants of walls, lips and glottis against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.vocal_tract.acoustics.losses import VOCALTRACTLAB, Losses, Medium, glottal_load, radiation_load
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND


def test_lips_radiate_as_a_piston_in_a_wall() -> None:
    """For small ka: (ka)^2 / 2 + j 8 ka / (3 pi), in units of rho c / A; (Morse 1948)."""
    ka, area = 0.1, 4.0
    s = np.array([1j * ka * SPEED_OF_SOUND / np.sqrt(area / np.pi)])
    load, _ = radiation_load(s, np.array([area]), Losses())
    assert load[0] * area == pytest.approx(ka**2 / 2 + 8j * ka / (3 * np.pi), rel=0.01)


def test_the_slope_of_the_load_is_its_derivative() -> None:
    s, area = np.array([2j * np.pi * 2000 - 100]), np.array([2.0])
    _, slope = radiation_load(s, area, Losses())
    up, down = (radiation_load(s, area * factor, Losses())[0] for factor in (1.0001, 0.9999))
    assert slope == pytest.approx((up - down) / 2e-4, rel=1e-5)


def test_walls_of_round_tubes() -> None:
    """At 3 cm^2 omega0^2 = rho c^2 S / (A m); elsewhere it goes with 1 / sqrt(A)."""
    expected = 1.14e-3 * SPEED_OF_SOUND**2 * 2 * np.sqrt(np.pi / 3) / 2.4
    assert (2 * np.pi * VOCALTRACTLAB.wall_resonance_hz) ** 2 == pytest.approx(expected)
    s = np.array([2j * np.pi * 500])
    medium = Medium.of(s, VOCALTRACTLAB)
    at_three, at_twelve = (
        of_pressure - of_flow for of_flow, of_pressure in (medium.factors(np.array([area])) for area in (3.0, 12.0))
    )
    assert at_twelve[0] == pytest.approx(at_three[0] / 2)
    mass, resistance, stiffness = 2.4, 5000.0, 1e5
    wall = resistance + s * mass + stiffness / s
    assert at_three[0] == pytest.approx(expected * mass / wall[0])


def test_a_glottis() -> None:
    assert (glottal_load(np.array([1j]), 0.0) == 0).all()
    s = np.array([2j * np.pi * 2000])
    # For high frequencies the mass alone.
    assert glottal_load(s, 0.5)[0] == pytest.approx(SPEED_OF_SOUND * 0.5 / (s[0] * 0.3), rel=0.01)
