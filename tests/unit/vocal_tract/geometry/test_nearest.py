"""Smallest distances against those of every point to every other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.geometry.nearest import dense, gap, nearest


def wave(count: int, seed: int) -> Float64:
    """A line (N, 2) that wanders."""
    return np.cumsum(np.random.default_rng(seed).normal(0.0, 1.0, (count, 2)), axis=0)


def test_thirds_of_every_piece_are_looked_at() -> None:
    line = np.array([[[0.0, 0.0], [3.0, 0.0], [3.0, 6.0]]])
    wanted = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [3.0, 2.0], [3.0, 4.0], [3.0, 6.0]]
    np.testing.assert_allclose(dense(line), [wanted])


def test_the_nearest_of_many_frames_are_those_of_each_pair_of_points() -> None:
    ones = np.stack([wave(30, seed) for seed in range(9)])
    others = np.stack([wave(41, seed + 100) + np.array([200.0, 30.0 * seed]) for seed in range(9)])
    distances, middles = nearest(ones, others)
    for one, other, distance, middle in zip(ones, others, distances, middles, strict=True):
        every = cdist(one, other)
        row, column = np.unravel_index(every.argmin(), every.shape)
        assert distance == pytest.approx(every.min(), abs=1e-9)
        np.testing.assert_allclose(middle, 0.5 * (one[row] + other[column]))


def test_points_that_are_missing_are_far_from_everything() -> None:
    ones = np.array([[[0.0, 0.0], [np.nan, 1.0]], [[np.nan, 0.0], [np.nan, 1.0]], [[0.0, 0.0], [9.0, 0.0]]])
    others = np.array([[[3.0, 4.0]], [[3.0, 4.0]], [[np.nan, np.nan]]])
    distances, middles = nearest(ones, others)
    np.testing.assert_allclose(distances, [5.0, np.nan, np.nan])
    np.testing.assert_allclose(middles[0], [1.5, 2.0])
    assert len(nearest(ones[:0], others[:0])[0]) == 0


@pytest.mark.parametrize("seed", range(12))
def test_pieces_that_are_left_out_are_never_the_nearest(seed: int) -> None:
    one, other = wave(90, seed), wave(70, seed + 50) * 2.0 + np.array([0.4 * seed * seed, 0.0])
    assert gap(one, other) == pytest.approx(cdist(dense(one), dense(other)).min(), abs=1e-12)


def test_lines_that_cross_between_their_points_are_near() -> None:
    one, other = np.array([[0.0, 0.0], [30.0, 0.0]]), np.array([[10.0, -15.0], [10.0, 30.0]])
    assert gap(one, other) == pytest.approx(0.0)
