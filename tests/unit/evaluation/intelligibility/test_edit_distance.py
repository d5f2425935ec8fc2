"""Edit distances: known ones, laws, and the definition itself."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.evaluation.intelligibility.edit_distance import edit_distance

TEXTS = st.text("abc", max_size=7)


def by_definition(one: str, other: str) -> int:
    """Levenshtein's distance, as it is defined."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return len(one) - i + len(other) - j
        same = rest(i + 1, j + 1) + (one[i] != other[j])
        return min(same, rest(i + 1, j) + 1, rest(i, j + 1) + 1)

    return rest(0, 0)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("", "", 0), ("abc", "bc", 1), ("abcd", "dabc", 2)],
)
def test_known_distances(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


def test_it_counts_words() -> None:
    assert edit_distance(["the", "cat", "sat"], ["the", "bat", "sat", "down"]) == 2


@given(TEXTS, TEXTS)
def test_it_is_what_the_definition_says(one: str, other: str) -> None:
    assert edit_distance(one, other) == by_definition(one, other)


@given(TEXTS, TEXTS, TEXTS)
def test_the_laws_of_a_distance(one: str, other: str, third: str) -> None:
    assert edit_distance(one, other) == edit_distance(other, one)
    assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)
