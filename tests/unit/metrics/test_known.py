"""Means and spreads over what is known."""

from __future__ import annotations

import warnings

import numpy as np

from rtmri2speech.metrics.known import mean_of_known, spread_of_known

VALUES = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [8.0, 7.0, np.nan]])


def test_means_are_of_what_is_known_and_say_nothing_of_the_rest() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(mean_of_known(VALUES), [4.0, 6.0, np.nan])
        assert float(mean_of_known(VALUES[:, 1])) == 6.0 and np.isnan(mean_of_known(VALUES[:0])).all()


def test_a_spread_needs_two_values() -> None:
    np.testing.assert_allclose(spread_of_known(VALUES), [np.sqrt(13.0), np.sqrt(2.0), np.nan])
    assert np.isnan(spread_of_known(VALUES[1:2])).all()
