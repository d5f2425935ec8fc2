"""Texts as words, letters, morae and phones, so that two of them can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.simulation.speech.kana import PHONES, kana_of, read_text

Units = Mapping[str, tuple[str, ...]]
"""Of one text: ``words``, ``letters``, ``morae``, ``phones``, those that there are."""

ERROR_RATES = {"wer": "words", "cer": "letters", "mer": "morae", "per": "phones"}
"""The rates, and what each counts."""

_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿]")
_NOT_WORDS = re.compile(r"[^\w']+")
_LOOSE = re.compile(r"(?<!\w)'+|'+(?!\w)")
# Written short in some texts and by some recognizers, and spoken in full.
_SHORT = {"mr": "mister", "mrs": "missus", "dr": "doctor"}
# Labels of silence and noise in annotations, and what phone recognizers write for them.
_NO_PHONE = {"", "sil", "sp", "spn", "pau", "silb", "sile", "<p:>", "<p>", "#", "-", "_", "br", "ns", "noise", "ssil"}
_ARPABET_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_ARPABET_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_ARPABET = frozenset((*_ARPABET_VOWELS.split(), *_ARPABET_CONSONANTS.split()))
# Share of an utterance's annotated phones that have to be of the alphabet in which phones are counted.
_OF_ALPHABET = 0.9
_STRESS = re.compile(r"[0-9]+$")


@dataclass(frozen=True)
class Pronunciations:
    """How words are pronounced.

    Attributes:
        source: the file that they are from.
        phones: of each word, the first where there are several.
    """

    source: Path
    phones: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def of(self, words: Sequence[str]) -> tuple[str, ...] | None:
        """Phones of words; None where one of them is unknown."""
        found = [self.phones.get(word) for word in words]
        return None if None in found else tuple(phone for phones in found if phones for phone in phones)


def read_pronunciations(path: Path) -> Pronunciations:
    """Read a dictionary: a word per line, its phones after it.

    Of several pronunciations (``WORD(2)``) the first one is taken.

    Marks of stress are dropped (``AH0`` is ``AH``).

    Raises:
        MediaError: when it cannot be read, or holds no pronunciation.
    """
    try:
        text, _ = decode(path.read_bytes())
    except (OSError, UnicodeDecodeError):
        raise MediaError(f"{path}: the pronunciations cannot be read.", "Check the path.") from None
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        word, *phones = line.split() or [""]
        if phones and not line.startswith(";;;") and not word.endswith(")"):
            found.setdefault(word.casefold(), plain_phones(phones))
    if not found:
        raise MediaError(
            f"{path}: holds no pronunciation.", "Write a word per line and its phones after it, as CMU does."
        )
    return Pronunciations(path, found)


def is_japanese(text: str) -> bool:
    """Whether a text holds kana or kanji."""
    return _JAPANESE.search(text) is not None


def words_of(text: str) -> tuple[str, ...]:
    """Words without case, punctuation and hyphens; apostrophes within words stay."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = _LOOSE.sub(" ", _NOT_WORDS.sub(" ", plain).replace("_", " ")).split()
    return tuple(_SHORT.get(word, word) for word in words)


def plain_phones(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels of phones without stress, silence and noise; ``+NSN+`` is noise as PocketSphinx writes it."""
    plain = (_STRESS.sub("", label.strip()) for label in labels)
    return tuple(one for one in plain if one.casefold() not in _NO_PHONE and not one.startswith("+"))


def phones_in_alphabet(phones: Sequence[str], japanese: bool) -> tuple[str, ...] | None:
    """Annotated phones in the alphabet of the recognized ones: ARPAbet, or that of Japanese corpora.

    Args:
        phones: of :func:`plain_phones`.
        japanese: which alphabet.

    Returns:
        None where more than a tenth of them are of another alphabet, which cannot be compared.
    """
    spelled = tuple(phones) if japanese else tuple(map(str.upper, phones))
    known = sum(phone in (PHONES if japanese else _ARPABET) for phone in spelled)
    return spelled if phones and known >= _OF_ALPHABET * len(phones) else None


def units_of(text: str, japanese: bool, pronunciations: Pronunciations | None, place: str = "text") -> Units:
    """What a text is made up from.

    Args:
        text: one utterance, as a person or a recognizer wrote it.
        japanese: letters are kana as pronounced, phones those of the morae, and there are no words. Otherwise
            letters are those of the words, with one space between two words.
        pronunciations: of words; None gives no phones of other languages.
        place: where the text stands, for messages.

    Raises:
        UserError: when Japanese text has kanji and pyopenjtalk is not installed, or cannot be read.
    """
    words = words_of(text)
    if japanese:
        # Latin words in a Japanese text, which only the extra can read, are an error like kanji without it.
        phrases = read_text(" ".join(words), place) if words else ()
        morae = [mora for phrase in phrases for mora in phrase]
        return {
            "letters": tuple(kana_of(phrases)),
            "morae": tuple("".join(mora) for mora in morae),
            "phones": tuple(phone for mora in morae for phone in mora),
        }
    units = {"words": words, "letters": tuple(" ".join(words))}
    phones = None if pronunciations is None else pronunciations.of(words)
    return units if phones is None else {**units, "phones": phones}


def try_units(text: str, japanese: bool, pronunciations: Pronunciations | None, place: str) -> Units | None:
    """As :func:`units_of`; None where the text cannot be read."""
    try:
        return units_of(text, japanese, pronunciations, place)
    except UserError:
        return None
