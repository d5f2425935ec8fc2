"""A measured tract on the feature clock."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

import measured
from rtmri2speech.inference.tract.inputs import retimed, tract_inputs, tract_rows
from rtmri2speech.models.tract.inputs import INPUTS, PLACES
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.retiming import Retiming, plan_retiming


def plan(frames: int, rate: Fraction) -> Retiming:
    return plan_retiming(np.arange(frames) / float(rate), frames / float(rate), FeatureConfig().frame_rate)


def test_rows_hold_what_was_measured() -> None:
    tract = measured.tract(20)
    found = tract_inputs(tract, plan(20, tract.frame_rate))
    assert found.shape == (20, len(INPUTS)) and found.dtype == np.float32
    np.testing.assert_allclose(found[3, PLACES["distance"]], 4.0)
    assert found[0, 39] == 0.0
    np.testing.assert_allclose(found[3, PLACES["width"]], 4.0)
    np.testing.assert_allclose(found[3, PLACES["measures"]], [0, 1, 2, 3, 4])
    np.testing.assert_allclose(found[:, PLACES["length"]], 16.0)
    assert found[0, -1] == 1.0
    assert tract_rows(replace(tract, pixel_source="estimated"))[0, -1] == 0.0


def test_faster_videos_are_averaged_and_slower_ones_interpolated() -> None:
    fast = measured.tract(84, Fraction(625 * 3, 23))
    found = tract_inputs(fast, plan(84, fast.frame_rate))
    assert len(found) == 27
    np.testing.assert_allclose(found[3, 5], 11.0, atol=0.01)
    slow = measured.tract(10, Fraction(625, 46))
    found = tract_inputs(slow, plan(10, slow.frame_rate))
    assert len(found) in (19, 20)
    np.testing.assert_allclose(found[3, 5], 2.25, atol=0.01)
    later = tract_inputs(fast, plan(81, fast.frame_rate), 3)
    np.testing.assert_allclose(later[2, 5], 11.0, atol=0.01)


def test_what_is_unknown_does_not_spread() -> None:
    rows = np.ones((6, 2))
    rows[2, 0] = np.nan
    rows[4:, 1] = np.nan
    weights = np.full((2, 3), 1 / 3, np.float32)
    found = retimed(rows, Retiming(np.array([0, 3]), weights, identity=False))
    np.testing.assert_allclose(found[0], [1.0, 1.0])
    assert found[1, 0] == 1.0 and np.isnan(found[1, 1])
