"""Vowels of known place identified in their plane."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.evaluation.vowel_identification import LEAST_TOKENS, NOTHING, VowelPlane, confusion

CENTRES = {"a": (750.0, 1350.0), "i": (320.0, 2200.0), "o": (500.0, 950.0)}


def tokens(count: int, spread: float = 0.05, seed: int = 0) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = [vowel for vowel in CENTRES for _ in range(count)]
    return labels, np.array([CENTRES[label] for label in labels]) * np.exp(rng.normal(0, spread, (len(labels), 2)))


def test_each_is_nearest_to_its_own_kind() -> None:
    plane = VowelPlane(*tokens(20))
    labels, formants = tokens(50, seed=1)
    assert plane.identify(formants) == labels
    assert plane.identify(np.array([[330.0, 2000.0], [600.0, 1050.0]])) == ["i", "o"]


def test_the_shape_of_the_spread_counts() -> None:
    """Two vowels apart in F1 alone, whose F2 varies much: F2 must not decide."""
    rng = np.random.default_rng(0)
    f1 = np.repeat([400.0, 500.0], 50) * np.exp(rng.normal(0, 0.01, 100))
    f2 = np.concatenate([1500 * np.exp(rng.normal(0, 0.4, 50)), 1400 * np.exp(rng.normal(0, 0.4, 50))])
    plane = VowelPlane(["low"] * 50 + ["high"] * 50, np.stack([f1, f2], axis=1))
    assert plane.identify(np.array([[405.0, 800.0], [495.0, 2600.0]])) == ["low", "high"]


def test_a_missed_formant_does_not_move_the_centre() -> None:
    labels, formants = tokens(9)
    formants[:2, 1] = 3200.0  # F3 taken for F2 in two of nine
    assert VowelPlane(labels, formants).identify(np.array([[750.0, 1350.0]])) == ["a"]


def test_without_formants_nothing_is_identified() -> None:
    labels, formants = tokens(5)
    plane = VowelPlane([*labels, "a"], np.concatenate([formants, [[np.nan, 1000.0]]]))
    assert plane.counts == {"a": 5, "i": 5, "o": 5}
    assert plane.identify(np.array([[np.nan, 1300.0], [700.0, np.nan]])) == [NOTHING, NOTHING]
    assert VowelPlane([], np.zeros((0, 2))).identify(np.array([[500.0, 1500.0]])) == [NOTHING]


def test_a_token_does_not_vouch_for_itself() -> None:
    """A vowel whose one token lies far from the others of its kind is identified with its own only if that counts."""
    labels = ["a", "a", "a", "i", "i", "i"]
    formants = np.array([[750.0, 1350], [760, 1360], [330, 2150], [320, 2200], [325, 2190], [318, 2230]])
    plane = VowelPlane(labels, formants)
    found = plane.identify_leaving_out(formants, range(6))
    assert found == ["a", "a", "i", "i", "i", "i"]
    single = VowelPlane(["a", "i", "i"], np.array([[750.0, 1350], [320, 2200], [325, 2190]]))
    assert single.identify(np.array([[750.0, 1350]])) == ["a"]
    assert single.identify_leaving_out(np.array([[750.0, 1350]]), [0]) == ["i"], "no other of its kind"


def test_a_plane_needs_some_of_each() -> None:
    plane = VowelPlane(*tokens(LEAST_TOKENS))
    assert plane.covers(["a", "i", "o"]) and plane.covers([]) and not plane.covers(["a", "u"])
    assert not VowelPlane(*tokens(LEAST_TOKENS - 1)).covers(["a"])


def test_confusions_are_counted_by_what_was_said() -> None:
    rows, columns, counts = confusion(["a", "a", "i", "i"], ["a", "o", NOTHING, "i"])
    assert rows == ["a", "i"] and columns == ["a", "i", "o", NOTHING]
    assert counts.tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]
    assert confusion([], [])[2].shape == (0, 0)


def test_equal_tokens_are_no_singular_matter() -> None:
    plane = VowelPlane(["a"] * 3 + ["i"] * 3, np.repeat([[700.0, 1300.0], [300.0, 2200.0]], 3, axis=0))
    assert plane.identify(np.array([[650.0, 1400.0]])) == ["a"]


@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_ratios_not_hertz_decide(scale: float) -> None:
    labels, formants = tokens(10)
    plane = VowelPlane(labels, formants * scale)
    assert plane.identify(formants * scale) == labels
