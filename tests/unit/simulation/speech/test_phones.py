"""Phones and their gestures."""

from __future__ import annotations

import pytest

from rtmri2speech.simulation.speech.phones import GESTURES, gestures_of, is_vowel
from rtmri2speech.simulation.speech.script import CONSONANTS


def made(phone: str, vowel: str = "a", following: str = "") -> list[tuple[str, str]]:
    return [(key, near) for key, near, _ in gestures_of(phone, vowel, following)]


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("k", [("k", "a")]),
        ("ky", [("k", "i"), ("y", "i")]),
        ("hy", [("h", "i"), ("y", "i")]),
        ("sh", [("s", "i")]),
        ("ch", [("t", "i"), ("s", "i")]),
        ("j", [("d", "i"), ("z", "i")]),
        ("ts", [("t", "a"), ("s", "a")]),
        ("f", [("f", "a")]),
        ("w", [("w", "a")]),
    ],
)
def test_gestures(phone: str, expected: list[tuple[str, str]]) -> None:
    assert made(phone) == expected


@pytest.mark.parametrize(
    ("following", "gesture"),
    [("p", "m"), ("my", "m"), ("t", "n"), ("ch", "n"), ("z", "n"), ("k", "ng"), ("", "ng"), ("a", "ng")],
)
def test_the_moraic_nasal_is_made_where_the_next_consonant_is(following: str, gesture: str) -> None:
    assert made("N", "o", following)[0][0] == gesture


@pytest.mark.parametrize(("following", "gesture"), [("k", "k"), ("ch", "t"), ("sh", "s"), ("py", "p"), ("", "t")])
def test_the_geminate_holds_the_next_consonant(following: str, gesture: str) -> None:
    assert made("q", "a", following)[0][0] == gesture


def test_durations_are_those_of_the_gestures() -> None:
    assert [seconds for _, _, seconds in gestures_of("k", "a", "")] == [GESTURES["k"].seconds]
    assert all(0.0 < low < high for _, _, (low, high) in gestures_of("ch", "i", ""))


def test_what_drawn_scripts_use_is_there() -> None:
    assert set(CONSONANTS) <= set(GESTURES)
    assert is_vowel("a:") and is_vowel("o") and not is_vowel("N") and not is_vowel("")
