"""Formants of tubes and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.measurement.formants import BEYOND_AREAS, OF_VOWELS, formant_ranges, tract_formants


def ranges_of(area: Float64, share: float) -> Float64:
    return np.stack([area / (1 + share), area * (1 + share)], axis=-1)


def test_a_uniform_tube_has_odd_multiples() -> None:
    area = np.full((2, 40), 4.0)
    found = tract_formants(np.array([17.0, 14.0]), area, ranges_of(area, 0.2))
    assert found.frequencies[0] == pytest.approx([500, 1500, 2500, 3500], rel=0.08)
    # Walls that yield raise F1 of both by about the same.
    assert found.frequencies[1, 1:] / found.frequencies[0, 1:] == pytest.approx(np.full(3, 17 / 14), rel=0.02)


def test_wider_intervals_of_areas_give_wider_ones_of_formants_and_sure_areas_what_lies_beyond_them() -> None:
    area = np.full((1, 40), 4.0)
    found = [tract_formants(np.array([17.0]), area, ranges_of(area, share)) for share in (0.0, 0.2, 0.5)]
    widths = [np.log(one.ranges[0, :, 1] / one.ranges[0, :, 0]) for one in found]
    assert widths[0] == pytest.approx(2 * np.array(BEYOND_AREAS))
    assert (widths[0] < widths[1]).all() and (widths[1] < widths[2]).all()


def test_one_section_moves_a_formant_by_its_sensitivity() -> None:
    area, wide = np.full((1, 40), 4.0), np.full((1, 40, 2), 4.0)
    wide[0, 10] = 4.0 / 1.1, 4.0 * 1.3
    slope = np.zeros((1, 1, 40))
    slope[0, 0, 10] = -0.5
    (low, high) = formant_ranges(np.array([[500.0]]), slope, area, wide)[0, 0]
    # Wider is lower here.
    assert low == pytest.approx(500 * np.exp(-np.hypot(OF_VOWELS * 0.5 * np.log(1.3), BEYOND_AREAS[0])))
    assert high == pytest.approx(500 * np.exp(np.hypot(OF_VOWELS * 0.5 * np.log(1.1), BEYOND_AREAS[0])))


def test_what_is_unknown_has_no_formants_and_what_is_closed_those_of_the_rest() -> None:
    area = np.full((4, 40), 4.0)
    area[1, 30], area[2] = 0.0, np.nan
    area[3, 0] = 0.0
    found = tract_formants(np.array([17.0, 17.0, np.nan, 17.0]), area, ranges_of(area, 0.2))
    assert np.isfinite(found.frequencies[:2]).all() and np.isfinite(found.ranges[:2]).all()
    assert np.isnan(found.frequencies[2:]).all() and np.isnan(found.ranges[2:]).all()
    assert found.frequencies[1, 0] < 260
    assert (found.sensitivity[1, :, 31:] == 0).all()


def test_an_area_that_may_be_closed_has_an_interval_that_is_finite() -> None:
    area = np.full((1, 40), 4.0)
    bounds = ranges_of(area, 0.2)
    bounds[0, 35, 0] = 0.0
    found = tract_formants(np.array([17.0]), area, bounds)
    assert np.isfinite(found.ranges).all() and (found.ranges[..., 0] < found.frequencies).all()


def test_a_closure_that_may_be_open_has_an_interval_up_to_the_open_tube() -> None:
    area = np.full((3, 40), 4.0)
    area[1:, 20] = 0.0
    bounds = ranges_of(area, 0.2)
    bounds[1, 20, 1] = 0.3
    found = tract_formants(np.full(3, 17.0), area, bounds)
    narrow = area[:1].copy()
    narrow[0, 20] = 0.3
    opened = tract_formants(np.array([17.0]), narrow, ranges_of(narrow, 0.2)).frequencies[0]
    assert (found.ranges[1, :, 1] > opened).all() and found.frequencies[1, 0] < 260
    # What is closed for sure stays so.
    assert found.ranges[2, 0, 1] < 400
