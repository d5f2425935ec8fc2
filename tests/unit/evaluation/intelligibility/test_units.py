"""Texts as words, letters, morae and phones."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.evaluation.intelligibility.units import (
    is_japanese,
    phones_in_alphabet,
    plain_phones,
    read_pronunciations,
    try_units,
    units_of,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't — ask, 'Mr' O’Neil!", "don't ask mister o'neil"),
        ("ill-disposed\nＹＯＵＮＧ  men_", "ill disposed young men"),
        ("über Straße", "über strasse"),
        ("...", ""),
    ],
)
def test_words_are_without_case_and_punctuation(text: str, words: str) -> None:
    assert list(words_of(text)) == words.split()


def test_letters_count_the_space_between_words() -> None:
    units = units_of("A  cat.", japanese=False, pronunciations=None)
    assert units["letters"] == tuple("a cat") and "phones" not in units and "morae" not in units


def test_phones_come_from_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "words.dict"
    path.write_text(";;; a comment\na AH0\na(2) EY1\ncat K AE1 T\n", encoding="utf-8")
    words = read_pronunciations(path)
    assert units_of("A cat", False, words)["phones"] == ("AH", "K", "AE", "T")
    assert "phones" not in units_of("A dog", False, words)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(MediaError, match="holds no pronunciation"):
        read_pronunciations(path)


def test_japanese_is_counted_in_kana_and_morae_as_spoken() -> None:
    assert is_japanese("とうきょう") and not is_japanese("tokyo")
    units = units_of("とうきょうへ、いった。", japanese=True, pronunciations=None)
    assert "".join(units["letters"]) == "トーキョーヘイッタ" and "words" not in units
    assert units["morae"] == ("to:", "kyo:", "he", "i", "q", "ta")
    assert units["phones"] == ("t", "o:", "ky", "o:", "h", "e", "i", "q", "t", "a")
    # Two spellings of the same sounds.
    assert units == units_of("トーキョーヘ イッタ", japanese=True, pronunciations=None)


@pytest.mark.skipif(find_spec("pyopenjtalk") is not None, reason="kanji can be read")
def test_kanji_need_the_extra() -> None:
    with pytest.raises(UserError, match="is no kana"):
        units_of("東京", japanese=True, pronunciations=None)
    assert try_units("東京", True, None, "x") is None


def test_silence_noise_and_stress_are_no_phones() -> None:
    assert plain_phones(["sil", "AH0", " K ", "+NSN+", "SIL", "<p:>", ""]) == ("AH", "K")


def test_phones_of_another_alphabet_cannot_be_compared() -> None:
    assert phones_in_alphabet(("ah", "k"), japanese=False) == ("AH", "K")
    assert phones_in_alphabet(("ɑ", "k"), japanese=False) is None
    assert phones_in_alphabet(("ky", "o:", "N"), japanese=True) == ("ky", "o:", "N")
    assert phones_in_alphabet((), japanese=True) is None
