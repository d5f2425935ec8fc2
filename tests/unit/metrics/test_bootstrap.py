"""Intervals: their law, their seed, and what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.metrics.bootstrap import Bootstrap, intervals, joint_intervals


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    low, high = Bootstrap(4000).mean(values)
    error = values.std() / math.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        low, high = Bootstrap(400, trial).mean(rng.normal(1.0, 1.0, 40))
        held += low <= 1.0 <= high
    assert 0.88 <= held / 200 <= 0.98


def test_what_is_in_one_utterance_stays_together() -> None:
    rng = np.random.default_rng(2)
    of_utterance = rng.normal(size=20)
    tokens, owners = np.repeat(of_utterance, 50), np.repeat(np.arange(20), 50)
    low, high = Bootstrap().median(tokens, owners)
    alone = Bootstrap().median(tokens, np.arange(len(tokens)))
    assert high - low > 2 * (alone[1] - alone[0]), "fifty equal vowels are worth one"
    wide = Bootstrap().median(of_utterance, np.arange(20))
    assert (low, high) == pytest.approx(wide, abs=0.3)


def test_the_median_is_the_middle_of_what_was_drawn() -> None:
    found = Bootstrap(500, 3)
    values, owners = np.array([3.0, 1.0, 2.0, 7.0]), np.array([0, 0, 1, 2])
    draws = np.concatenate(list(found._draws(3, 4)))
    slow = [np.median(np.repeat(values, one[owners])) for one in draws]
    assert found.median(values, owners) == tuple(np.percentile(slow, (2.5, 97.5), method="nearest"))


def test_a_ratio_counts_vowels_not_utterances() -> None:
    counted, total = np.array([1.0, 9.0, 0.0, 5.0]), np.array([1.0, 10.0, 0.0, 10.0])
    low, high = Bootstrap().ratio(counted, total)
    assert 0.5 <= low < 15 / 21 < high <= 1.0


def test_the_interval_of_a_correlation_is_that_of_fishers_z() -> None:
    rng = np.random.default_rng(4)
    one = rng.normal(size=400)
    other = 0.7 * one + math.sqrt(1.0 - 0.49) * rng.normal(size=400)
    low, high = Bootstrap(4000).correlation(one, other, np.arange(400))
    z, error = np.arctanh(np.corrcoef(one, other)[0, 1]), 1.96 / math.sqrt(397)
    assert (low, high) == pytest.approx((np.tanh(z - error), np.tanh(z + error)), abs=0.02)


def test_a_correlation_is_that_of_the_tokens_drawn() -> None:
    found, owners = Bootstrap(50, 3), np.array([0, 0, 1, 2, 2])
    one, other = np.array([3.0, 1.0, 2.0, 7.0, 5.0]), np.array([1.0, 2.0, 2.5, 6.0, 1.0])
    draws = np.concatenate(list(found._draws(3, 6)))
    with np.errstate(invalid="ignore", divide="ignore"):
        slow = [np.corrcoef(np.repeat(one, row[owners]), np.repeat(other, row[owners]))[0, 1] for row in draws]
    fast = found.correlations(one, other, owners, 3)
    known = np.isfinite(slow) & np.isfinite(fast)
    assert known.sum() > 40 and fast[known] == pytest.approx(np.array(slow)[known])
    assert all(math.isnan(end) for end in found.correlation(one, other, np.zeros(5, int)))


def test_the_seed_decides() -> None:
    values = np.random.default_rng(0).normal(size=30)
    assert Bootstrap(seed=1).mean(values) == Bootstrap(seed=1).mean(values) != Bootstrap(seed=2).mean(values)


def test_blocks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=30)
    whole = Bootstrap().mean(values)
    monkeypatch.setattr("rtmri2speech.metrics.bootstrap._AT_ONCE", 100)
    assert Bootstrap().mean(values) == whole


def test_one_utterance_has_no_interval_and_missing_values_are_left_out() -> None:
    assert all(math.isnan(end) for end in Bootstrap().mean(np.array([1.0, np.nan])))
    assert all(math.isnan(end) for end in Bootstrap().median(np.array([1.0, 2.0]), np.array([4, 4])))
    assert Bootstrap().mean(np.array([2.0, np.nan, 2.0])) == (2.0, 2.0)
    assert Bootstrap().median(np.array([1.0, math.inf, math.inf]), np.arange(3))[1] == math.inf


def test_differences_of_means() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal([0.0, 5.0], 1.0, (40, 2)), rng.normal([1.0, 5.0], 2.0, (60, 2))
    draws = Bootstrap(resamples=4000).differences(first, second)
    assert draws.shape == (4000, 2)
    # As the textbook has it: the variance of a difference of means is the sum of theirs.
    expected = np.sqrt(first.var(axis=0) / 40 + second.var(axis=0) / 60)
    np.testing.assert_allclose(draws.std(axis=0), expected, rtol=0.05)
    np.testing.assert_allclose(draws.mean(axis=0), second.mean(axis=0) - first.mean(axis=0), atol=0.02)
    bounds = intervals(draws)
    change = second.mean(axis=0) - first.mean(axis=0)
    np.testing.assert_allclose(
        bounds, np.stack([change - 1.96 * expected, change + 1.96 * expected], axis=1), atol=0.08
    )


def test_unknown_values_are_left_out_of_differences() -> None:
    first, second = np.array([[1.0, np.nan], [1.0, np.nan]]), np.array([[3.0, 1.0], [np.nan, 1.0]])
    draws = Bootstrap(resamples=50).differences(first, second)
    known = draws[:, 0][np.isfinite(draws[:, 0])]
    assert len(known) and (known == 2.0).all() and np.isnan(draws[:, 1]).all()
    bounds = intervals(draws)
    np.testing.assert_array_equal(bounds, [[2.0, 2.0], [np.nan, np.nan]])


def test_intervals_of_all_at_once_are_wider_than_each() -> None:
    draws = np.random.default_rng(0).standard_normal((20_000, 40)) * np.linspace(1.0, 3.0, 40)
    statistics = np.zeros(40)
    joint = joint_intervals(statistics, draws)
    # Of 40 independent normal ones: the quantile of 0.95 ** (1 / 40), two-sided, is 3.22.
    np.testing.assert_allclose(joint[:, 1] / draws.std(axis=0), 3.22, rtol=0.02)
    assert (np.abs(draws) <= joint[:, 1]).all(axis=1).mean() == pytest.approx(0.95, abs=0.002)
    draws[:, 3] = np.nan
    assert np.isnan(joint_intervals(statistics, draws)[3]).all()
    assert np.isnan(joint_intervals(statistics, np.full((5, 40), np.nan))).all()
    np.testing.assert_array_equal(joint_intervals(np.array([1.0]), np.ones((5, 1))), [[1.0, 1.0]])
