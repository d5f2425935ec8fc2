from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.simulation.speaker.vowel_fitting import tube_of
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND, resonances, sensitivity

# Share of sum |S| by region, lips 0-2 cm, front 2-6, middle 6-9, pharynx 9-14, larynx 14-16, of Arai's tubes,
# and the sign of the effect of widening; computed elsewhere with a lossy tube.
REGIONS = ((0, 2), (2, 6), (6, 9), (9, 14), (14, 16))
SHARES = {
    ("a", 1): (0.32, 0.20, -0.15, -0.25, -0.07),
    ("a", 2): (0.08, -0.16, -0.07, 0.60, -0.10),
    ("i", 1): (0.08, 0.39, -0.11, -0.39, -0.02),
    ("i", 2): (0.05, -0.11, -0.18, 0.59, -0.07),
    ("u", 1): (0.29, 0.11, 0.08, -0.48, -0.04),
    ("u", 2): (0.15, -0.40, 0.30, 0.14, -0.02),
    ("e", 1): (0.13, 0.26, 0.13, -0.45, -0.03),
    ("e", 2): (0.22, -0.47, 0.13, 0.16, -0.02),
    ("o", 1): (0.42, -0.20, -0.14, -0.20, -0.04),
    ("o", 2): (0.05, -0.17, 0.10, 0.61, -0.07),
}


def uniform(length: float = 17.5, sections: int = 70) -> tuple[np.ndarray, np.ndarray]:
    return np.full(sections, length / sections), np.full(sections, 3.0)


@pytest.mark.parametrize("length", [12.0, 17.5, 20.0])
def test_a_uniform_tube_is_a_quarter_wave_resonator(length: float) -> None:
    found = resonances(*uniform(length), count=4, radiation=False)
    assert found == pytest.approx([(2 * n - 1) * SPEED_OF_SOUND / (4 * length) for n in (1, 2, 3, 4)], abs=0.01)


def test_the_air_before_the_lips_lengthens_the_tube() -> None:
    lengths, areas = uniform()
    correction = 8 / (3 * np.pi) * np.sqrt(3.0 / np.pi)
    expected = SPEED_OF_SOUND / 4 / (17.5 + correction)
    assert resonances(lengths, areas, 1)[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("formant", [1, 2, 3])
def test_sensitivity_of_a_uniform_tube_is_a_cosine(formant: int) -> None:
    lengths, areas = uniform()
    middle = np.cumsum(lengths) - lengths / 2
    expected = -np.cos((2 * formant - 1) * np.pi * middle / 17.5) / 17.5
    found = sensitivity(lengths, areas, 3, radiation=False).values[formant - 1] / lengths
    assert np.abs(found - expected).max() < 1e-2 / 17.5


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.2, 8.0), min_size=5, max_size=30), st.booleans())
def test_sensitivity_is_the_derivative_of_the_resonances(areas: list[float], radiation: bool) -> None:
    area, length = np.array(areas), np.full(len(areas), 16.0 / len(areas))
    found = sensitivity(length, area, 2, radiation=radiation)
    small = 1e-4
    up = resonances(length, area * (1 + small * np.eye(len(area))), 2, radiation=radiation)
    down = resonances(length, area * (1 - small * np.eye(len(area))), 2, radiation=radiation)
    slope = (up - down).T / (2 * small) / found.frequencies[:, None]
    assert np.abs(slope - found.values).max() < 2e-3


def test_widening_everything_changes_nothing_without_radiation() -> None:
    lengths, areas = tube_of("i")
    found = sensitivity(lengths, areas, 2, radiation=False)
    assert np.abs(found.values.sum(axis=1)).max() < 1e-6


@pytest.mark.parametrize(("vowel", "formant"), SHARES)
def test_regions_of_arais_tubes(vowel: str, formant: int) -> None:
    _, areas = tube_of(vowel)
    # A tenth of a centimetre a section, lips first.
    values = sensitivity(np.full(160, 0.1), np.repeat(areas, 10), 2).values[formant - 1][::-1]
    shares = np.array([np.abs(values[10 * a : 10 * b]).sum() for a, b in REGIONS]) / np.abs(values).sum()
    sums = np.array([values[10 * a : 10 * b].sum() for a, b in REGIONS]) / np.abs(values).sum()
    expected = np.array(SHARES[vowel, formant])
    assert np.abs(shares - np.abs(expected)).max() < 0.015
    # In the pharynx of F2 of /u/ both signs are in balance.
    assert (sums * np.sign(expected) > -0.015).all()


def test_batches_equal_single_tubes() -> None:
    tubes = [tube_of(vowel) for vowel in "aiueo"]
    lengths, areas = (np.stack(part) for part in zip(*tubes, strict=True))
    together = sensitivity(lengths, areas, 2)
    for row, (length, area) in enumerate(tubes):
        alone = sensitivity(length, area, 2)
        assert np.allclose(together.frequencies[row], alone.frequencies, atol=1e-3)
        assert np.allclose(together.values[row], alone.values, atol=1e-6)


def test_a_closed_tube_gives_numbers() -> None:
    lengths, areas = uniform()
    areas[30] = 0.0
    assert np.isfinite(sensitivity(lengths, areas, 2).values).all()
