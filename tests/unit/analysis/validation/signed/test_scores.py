"""Scores of answers in Hz per mm: right on known numbers, and unimpressed by chance."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.analysis.validation.signed.scores import signed_score
from rtmri2speech.arrays import Float64

VOWELS, TOKENS, PLACES = 5, 30, 8


@pytest.fixture(scope="module")
def physics() -> Float64:
    rng = np.random.default_rng(1)
    profiles = 20.0 * rng.standard_normal((VOWELS, PLACES))
    return np.asarray(profiles[np.arange(TOKENS) % VOWELS])


def groups() -> list[int]:
    return [number // 15 for number in range(TOKENS)]


def test_an_answer_in_proportion_is_found_so(physics: Float64) -> None:
    found = signed_score("F1", 0.4 * physics, physics, groups())
    assert found.r == pytest.approx(1.0) and found.rank == pytest.approx(1.0) and found.slope == pytest.approx(0.4)
    assert found.signs == 1.0 and found.vowels == TOKENS
    assert found.p_places == pytest.approx(1 / 40320) and found.p_vowels == pytest.approx(1e-4)
    assert found.low == pytest.approx(1.0) and found.high == pytest.approx(1.0)


def test_an_answer_with_the_wrong_sign_is_told_from_one_with_the_right_size(physics: Float64) -> None:
    found = signed_score("F1", -physics, physics, groups())
    assert found.r == pytest.approx(-1.0) and found.r_size == pytest.approx(1.0) and found.signs == 0.0
    assert found.p_places > 0.9 and found.p_vowels > 0.9


def test_chance_is_no_evidence() -> None:
    rng = np.random.default_rng(4)
    ours, physics = rng.standard_normal((2, TOKENS, PLACES)) * 20.0
    found = signed_score("F1", ours, physics, groups())
    assert abs(found.r) < 0.2 and found.p_places > 0.02 and found.p_vowels > 0.02
    assert found.low < found.r < found.high


def test_one_profile_for_all_vowels_knows_the_places_and_not_the_vowel(physics: Float64) -> None:
    same = np.broadcast_to(physics.mean(axis=0), physics.shape)
    found = signed_score("F1", same, physics, groups())
    assert found.p_places < 0.01 and found.p_vowels == pytest.approx(1.0)


def test_models_with_permuted_weights_are_what_r_is_measured_by(physics: Float64) -> None:
    rng = np.random.default_rng(2)
    nulls = [20.0 * rng.standard_normal(physics.shape) for _ in range(6)]
    good = signed_score("F1", physics + 5.0 * nulls[0], physics, groups(), nulls[1:])
    assert abs(good.r_permuted) < 0.1
    strong = signed_score("F1", physics + 0.2 * nulls[0], physics, groups(), nulls[1:])
    assert strong.p_weights < 0.001
    assert np.isnan(signed_score("F1", physics, physics, groups(), nulls[:1]).p_weights)


def test_what_is_not_known_is_left_out(physics: Float64) -> None:
    ours = physics.copy()
    ours[:, 0], ours[3] = np.nan, np.nan
    found = signed_score("F1", ours, physics, groups())
    assert found.r == pytest.approx(1.0)
    nothing = signed_score("F1", np.full_like(physics, np.nan), physics, groups())
    assert np.isnan(nothing.r) and np.isnan(nothing.signs) and np.isnan(nothing.p_places)
