"""Warping against every possible way."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.metrics.dtw import warp


def cheapest(one: np.ndarray, other: np.ndarray, band: int) -> float:
    """Least cost over all ways, by trying every step."""

    @cache
    def cost(i: int, j: int) -> float:
        if min(i, j) < 0 or abs(i - j) > band:
            return math.inf
        own = float(np.linalg.norm(one[i] - other[j]))
        return own if i == j == 0 else own + min(cost(i - 1, j), cost(i, j - 1), cost(i - 1, j - 1))

    return cost(len(one) - 1, len(other) - 1)


@given(st.integers(1, 9), st.integers(0, 10), st.integers(0, 2**31))
def test_the_way_is_the_cheapest_of_all(frames: int, band: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, frames, 3))
    pairs, distances = warp(one, other, band)
    assert distances.sum() == pytest.approx(cheapest(one, other, band))
    assert tuple(pairs[0]) == (0, 0) and tuple(pairs[-1]) == (frames - 1, frames - 1)
    assert {tuple(step) for step in np.diff(pairs, axis=0)} <= {(0, 1), (1, 0), (1, 1)}
    assert np.abs(pairs[:, 0] - pairs[:, 1]).max() <= band
    assert distances == pytest.approx(np.linalg.norm(one[pairs[:, 0]] - other[pairs[:, 1]], axis=1))


def test_a_shift_within_the_band_is_undone() -> None:
    rng = np.random.default_rng(0)
    one = np.cumsum(rng.normal(size=(60, 2)), axis=0)
    late = np.concatenate([np.repeat(one[:1], 5, axis=0), one[:-5]])
    _, distances = warp(one, late, 5)
    # What is left is the end, which the late one does not reach.
    assert np.count_nonzero(distances > 1e-12) <= 5
    assert warp(one, late, 3)[1].sum() > distances.sum()


def test_equal_sequences_go_along_the_diagonal() -> None:
    still = np.ones((7, 2))
    pairs, distances = warp(still, still, 4)
    assert pairs.tolist() == [[i, i] for i in range(7)] and not distances.any()


def test_sequences_that_do_not_fit() -> None:
    for one, other in ((np.zeros((3, 2)), np.zeros((4, 2))), (np.zeros((0, 2)), np.zeros((0, 2)))):
        with pytest.raises(ValueError, match="cannot be warped"):
            warp(one, other, 1)
