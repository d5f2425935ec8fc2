"""What the inputs of a tract model do when a section is widened."""

from __future__ import annotations

import numpy as np

from rtmri2speech.analysis.widening.by_distance.slopes import input_slopes
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.tract.inputs import PLACES
from rtmri2speech.signal.retiming import plan_retiming
from tract_models import moving_tract, widened

COUNT, SECTION, STEP = 12, 20, 0.02
# A clock of half the recording's rate: two frames of it are one.
RETIMING = plan_retiming(np.arange(COUNT) * 0.04, COUNT * 0.04, 12.5)


def test_they_are_what_inputs_do_when_the_tract_is_widened() -> None:
    tract = moving_tract(COUNT)
    ends = [tract_inputs(widened(tract, SECTION, sign * STEP / 2), RETIMING) for sign in (1, -1)]
    wanted = (ends[0].astype(np.float64) - ends[1]) / STEP
    found = input_slopes(tract, RETIMING)
    np.testing.assert_allclose(found.distance[:, SECTION], wanted[:, SECTION], atol=1e-3)
    np.testing.assert_allclose(found.formants[:, :, SECTION], wanted[:, PLACES["formants"]], rtol=0.02, atol=0.05)
    others = np.delete(wanted, [SECTION, *range(*PLACES["formants"].indices(100))], axis=1)
    np.testing.assert_allclose(others, 0.0, atol=1e-6)


def test_a_section_that_is_closed_half_of_the_time_moves_by_half() -> None:
    found = input_slopes(moving_tract(COUNT), RETIMING)
    assert abs(found.distance[1, 30] - 0.5) < 1e-6 and (np.delete(found.distance[:, 30], 1) == 1.0).all()


def test_nothing_is_said_of_a_section_that_is_closed() -> None:
    tract = moving_tract(COUNT)
    every = plan_retiming(np.arange(COUNT) * 0.04, COUNT * 0.04, 25.0)
    found = input_slopes(tract, every)
    assert np.argwhere(np.isnan(found.distance)).tolist() == [[3, 30]]
    assert np.isfinite(found.formants).all() and not found.formants[3, :, 30:].any()
