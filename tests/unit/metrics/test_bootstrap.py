"""Intervals: their law, their seed, and what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.metrics.bootstrap import Bootstrap


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
