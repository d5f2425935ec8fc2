"""Likeness of maps and profiles, against definitions and other programs."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from rtmri2speech.analysis.validation.similarity import (
    MOST_PERMUTED,
    correlation,
    cosine,
    permutation_p,
    rank_correlation,
    specificity_p,
    structural_similarity,
)


@given(seed=st.integers(0, 1000), size=st.integers(3, 30))
def test_rank_correlation_is_spearmans(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 5, (2, 4, size)).astype(float)
    for row, found in enumerate(rank_correlation(a, b)):
        if np.ptp(a[row]) and np.ptp(b[row]):
            assert found == pytest.approx(spearmanr(a[row], b[row]).statistic, abs=1e-12)
        else:
            assert np.isnan(found)


def test_cosine_and_correlation() -> None:
    assert cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(np.sqrt(0.5))
    assert np.isnan(cosine(np.zeros(3), np.ones(3)))
    assert correlation(np.array([1.0, 2.0, 4.0]), -3 * np.array([1.0, 2.0, 4.0]) + 7) == pytest.approx(-1)


def test_structural_similarity_knows_sign_and_place_but_not_scale() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(2, 24, 24))
    np.testing.assert_allclose(structural_similarity(maps, 5 * maps), 1.0)
    assert (structural_similarity(maps, -maps) < 0).all()
    assert (np.abs(structural_similarity(maps, rng.normal(size=maps.shape))) < 0.3).all()
    assert np.isnan(structural_similarity(maps, np.zeros_like(maps))).all()


@given(seed=st.integers(0, 200), pairs=st.integers(1, 4))
def test_p_is_that_of_all_permutations_gone_through_one_by_one(seed: int, pairs: int) -> None:
    rng = np.random.default_rng(seed)
    found, expected = rng.random((2, pairs, 4))
    own = cosine(found, expected).mean()
    others = [cosine(found[:, list(order)], expected).mean() for order in permutations(range(4))]
    assert permutation_p(found, expected) == pytest.approx(np.mean([value >= own - 1e-12 for value in others]))


def test_p_at_its_ends() -> None:
    steps = np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])
    assert permutation_p(steps, steps) == pytest.approx(1 / 120)
    assert permutation_p(np.ones((3, 5)), np.repeat(steps, 3, axis=0)) == 1.0
    assert permutation_p(steps[:, ::-1], steps) == 1.0
    assert np.isnan(permutation_p(np.zeros((1, 5)), steps))
    with pytest.raises(ValueError, match="permutations"):
        permutation_p(np.ones((1, MOST_PERMUTED + 1)), np.ones((1, MOST_PERMUTED + 1)))


def test_what_all_vowels_share_is_not_specific() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 4, 6)) ** 4
    assert specificity_p([(first, first)]) == pytest.approx(1 / 24)
    assert specificity_p([(first, first), (second, second)]) == pytest.approx(1 / 24**2)
    same = np.repeat(first[:1], 4, axis=0)
    assert specificity_p([(same, first)]) == 1.0
    # Where places are permuted, the same profiles do well.
    assert permutation_p(same, same) < 0.01
    assert specificity_p([(first[::-1], first)]) > 0.3
