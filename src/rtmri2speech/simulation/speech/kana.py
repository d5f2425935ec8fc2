"""Japanese text to phrases of morae: kana by a table, kanji through pyopenjtalk where it is installed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from itertools import chain

from rtmri2speech.errors import ConfigError, UserError

Mora = tuple[str, ...]
"""Phones of a mora, labeled as Japanese speech corpora do: ``("ky", "o")``, ``("N",)``, ``("q",)``, ``("a:",)``."""

_VOWELS = "aiueo"
_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "g": "ガギグゲゴ",
    "s": "サ＊スセソ",
    "z": "ザ＊ズゼゾ",
    "t": "タ＊＊テト",
    "d": "ダ＊＊デド",
    "n": "ナニヌネノ",
    "h": "ハヒ＊ヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "y": "ヤ＊ユ＊ヨ",
    "r": "ラリルレロ",
    "w": "ワ＊＊＊＊",
}
# Kana whose consonant changes before its vowel, and those that share their sound with another.
_SINGLE = {
    **{"シ": ("sh", "i"), "ジ": ("j", "i"), "チ": ("ch", "i"), "ツ": ("ts", "u"), "フ": ("f", "u")},
    **{"ヂ": ("j", "i"), "ヅ": ("z", "u"), "ヲ": ("o",), "ヰ": ("i",), "ヱ": ("e",), "ヴ": ("b", "u")},
    **{"ン": ("N",), "ッ": ("q",)},
}
# Consonants before a small ya, yu, yo.
_PALATAL = {
    **{"キ": "ky", "ギ": "gy", "ニ": "ny", "ヒ": "hy", "ビ": "by", "ピ": "py", "ミ": "my", "リ": "ry"},
    **{"シ": "sh", "ジ": "j", "チ": "ch", "ヂ": "j"},
}
# Consonants before another small vowel, in words from other languages.
_LOANED = {
    **{"フ": "f", "ヴ": "b", "ウ": "w", "ツ": "ts", "テ": "t", "デ": "d", "ト": "t", "ド": "d"},
    **{"シ": "sh", "ジ": "j", "チ": "ch", "ク": "k", "グ": "g", "イ": "y"},
}
_SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SMALL_VOWEL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_PAUSE = re.compile(r"[\s、。，．,.!！?？・「」『』（）()…:;：；～〜\-]+")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")


def _table() -> dict[str, Mora]:
    table: dict[str, Mora] = dict(_SINGLE)
    for onset, row in _ROWS.items():
        for kana, vowel in zip(row, _VOWELS, strict=True):
            if kana != "＊":
                table[kana] = (onset, vowel) if onset else (vowel,)
    for kana, onset in _PALATAL.items():
        table.update({kana + small: (onset, vowel) for small, vowel in _SMALL_Y.items()})
    for kana, onset in _LOANED.items():
        table.update({kana + small: (onset, vowel) for small, vowel in _SMALL_VOWEL.items()})
    return table


_MORAE = _table()
PHONES = frozenset(phone for mora in _MORAE.values() for phone in mora) | {f"{vowel}:" for vowel in _VOWELS}
"""Labels of all phones that morae are made up from."""

# The usual kana of each mora: of several that are spoken alike, the first one of the tables above.
_KANA_OF = {mora: kana for kana, mora in reversed(_MORAE.items()) if kana[0] not in "ヂヅヲヰヱヴ"}


def read_text(text: str, place: str) -> tuple[tuple[Mora, ...], ...]:
    """Phrases of morae; punctuation and spaces part the phrases.

    Kana are read as they are pronounced: the particles は and へ are written わ and え, and こう, せい are long vowels.

    Args:
        text: one utterance.
        place: where it stands, for messages.

    Raises:
        ConfigError: for characters that cannot be read, or nothing to say.
        UserError: when there are kanji and pyopenjtalk is not installed.
    """
    # The marks of voicing typed apart from their kana.
    plain = unicodedata.normalize("NFKC", text.replace("゛", "\u3099").replace("゜", "\u309a"))
    kana = all(_KANA.fullmatch(part) for part in _PAUSE.split(plain) if part)
    if not kana:
        plain = _kana_of(plain, place)
    # What pyopenjtalk returns has its long vowels marked; in kana as people write them they follow from the spelling.
    phrases = tuple(_morae(_katakana(part), place, spelled=kana) for part in _PAUSE.split(plain) if part)
    if not phrases:
        raise ConfigError(f"{place}: nothing to say.", "Write an utterance per line, in kana.")
    return phrases


def kana_of(phrases: Sequence[Sequence[Mora]]) -> str:
    """Morae in katakana as they are pronounced, each spoken sound in one way only: おう, おお and オー are all オー.

    Args:
        phrases: of :func:`read_text`.
    """
    written = []
    for mora in chain(*phrases):
        long = mora[-1].endswith(":")
        plain = (*mora[:-1], mora[-1].removesuffix(":"))
        written.append(_KANA_OF[plain] + "ー" * long)
    return "".join(written)


def _kana_of(text: str, place: str) -> str:
    try:
        # It prints about parts of it that are not installed.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            import pyopenjtalk
    except ImportError:
        other = next(chain(*(re.sub(_KANA, "", part) for part in _PAUSE.split(text))))
        raise UserError(
            f"{place}: '{other}' is no kana.",
            'Write it in kana, or install the extra that reads kanji: pip install "rtmri2speech[japanese]".',
        ) from None
    return " ".join(str(pyopenjtalk.g2p(part, kana=True)) for part in _PAUSE.split(text) if part)


def _katakana(text: str) -> str:
    return "".join(chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter for letter in text)


def _morae(kana: str, place: str, *, spelled: bool) -> tuple[Mora, ...]:
    morae: list[Mora] = []
    index = 0
    while index < len(kana):
        here = kana[index]
        if kana[index : index + 2] in _MORAE and len(kana[index : index + 2]) == 2:
            morae.append(_MORAE[kana[index : index + 2]])
            index += 2
            continue
        vowel = morae[-1][-1] if morae and morae[-1][-1] in _VOWELS else ""
        lengthened = (vowel, here) in {("o", "ウ"), ("e", "イ")} or _MORAE.get(here) == (vowel,)
        if vowel and (here == "ー" or (spelled and lengthened)):
            morae[-1] = (*morae[-1][:-1], vowel + ":")
        elif here in _SMALL_VOWEL:
            morae.append((_SMALL_VOWEL[here],))
        elif here in _MORAE:
            morae.append(_MORAE[here])
        elif here != "ー":
            raise ConfigError(f"{place}: '{here}' cannot be read.", "Write it in kana, as it is pronounced.")
        index += 1
    return tuple(morae)
