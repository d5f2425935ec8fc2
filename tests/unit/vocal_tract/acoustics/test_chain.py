"""Transfer functions of tubes."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.vocal_tract.acoustics.chain import transfer_function
from rtmri2speech.vocal_tract.acoustics.losses import NO_LOSSES, VOCALTRACTLAB, Losses
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND

LENGTHS, AREAS = np.full(40, 17.5 / 40), np.full(40, 3.0)


def test_of_a_uniform_tube_without_losses() -> None:
    """1 / cos(k L)."""
    hertz = np.array([100.0, 400.0, 900.0, 1700.0])
    found = transfer_function(LENGTHS, AREAS, hertz, losses=NO_LOSSES)
    np.testing.assert_allclose(found, 1 / np.cos(2 * np.pi * hertz / SPEED_OF_SOUND * 17.5), rtol=1e-9)


def test_what_goes_in_slowly_comes_out() -> None:
    for losses in (Losses(), VOCALTRACTLAB):
        assert transfer_function(LENGTHS, AREAS, np.array([0.0]), losses=losses)[0] == pytest.approx(1.0, abs=1e-3)
    # Through an open glottis some of it goes down.
    assert abs(transfer_function(LENGTHS, AREAS, np.array([400.0]), glottis_cm2=0.2)[0]) < 2


def test_a_side_branch_cuts_a_zero() -> None:
    """Fossae of 2.5 cm whose area falls to zero evenly: where J0(k l) = 0, k l = 2.405."""
    hertz = np.arange(4000.0, 7000.0, 10.0)
    level = np.abs(transfer_function(LENGTHS, AREAS, hertz, losses=VOCALTRACTLAB))
    assert hertz[level.argmin()] == pytest.approx(2.405 * SPEED_OF_SOUND / (2 * np.pi * 2.5), rel=0.03)


def test_closed_and_unknown_tubes() -> None:
    areas = np.tile(AREAS, (3, 1))
    areas[1, 20], areas[2, 3] = 0.0, np.nan
    found = transfer_function(LENGTHS, areas, np.arange(100.0, 4000.0, 100.0))
    assert found.shape == (3, 39)
    assert np.isfinite(found[0]).all() and (found[1] == 0).all() and np.isnan(found[2]).all()
