"""What was said in each utterance: from transcripts, a table, or TextGrids."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.data.annotation.grid import IntervalTier, TextGrid
from rtmri2speech.data.endings import name_key
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import MediaError
from rtmri2speech.evaluation.intelligibility.units import plain_phones

TRANSCRIPTS = (".txt", ".lab", ".trn", ".TextGrid")
"""Endings of what stands next to a sound, in the order in which they are looked for."""

_WORD_TIERS = (
    *("words", "word", "orthography", "ort", "text", "transcription", "transcript"),
    *("sentence", "utterance", "kana"),
)
_PHONE_TIERS = ("phones", "phone", "phonemes", "phoneme", "segments", "segment", "mau")
_HEADINGS = {"name", "id", "file", "filename", "utterance", "wav", "text", "transcript", "transcription", "sentence"}
# What annotators write where nothing is said.
_NO_WORD = {"", "sil", "sp", "pau", "<p:>", "#", "-", "_", "<unk>"}
# A line of PocketSphinx's test data and of other decoders: <s> words </s> (name).
_WITH_NAME_LAST = re.compile(r"(.*)\(([^()\s]+)\)\s*$")
_MARKS = re.compile(r"</?s>")


@dataclass(frozen=True)
class Truth:
    """What was said in an utterance.

    Attributes:
        text: the words; empty where only phones are known.
        phones: as annotated; empty where they are not.
    """

    text: str = ""
    phones: tuple[str, ...] = ()


def read_table(path: Path) -> dict[str, str]:
    """Read a table of texts: on each line a name, then what was said; the key is the name without folder and ending.

    Tabs, ``|``, or in a ``.csv`` semicolons or commas part the two; elsewhere the first space does. Lines
    ``<s> ... </s> (NAME)`` are read as well.

    Raises:
        MediaError: when it cannot be read, or has no line of this form.
    """
    try:
        text, _ = decode(path.read_bytes())
    except (OSError, UnicodeDecodeError):
        raise MediaError(f"{path}: the table of texts cannot be read.", "Check the path; save it as UTF-8.") from None
    lines = [line for line in text.splitlines() if line.strip()]
    split = _splitter(lines, path.suffix.lower() == ".csv")
    found = {}
    for number, line in enumerate(lines):
        match = _WITH_NAME_LAST.fullmatch(line) if "</s>" in line else None
        name, said = (match[2], match[1]) if match else split(line)
        if number == 0 and name.strip().casefold() in _HEADINGS:
            continue
        if said.strip():
            found[key_of(name)] = " ".join(_MARKS.sub(" ", said).split())
    if not found:
        raise MediaError(
            f"{path}: no line has a name and a text.", "Write NAME, a tab, and what was said, line by line."
        )
    return found


def _splitter(lines: list[str], commas: bool) -> Callable[[str], tuple[str, str]]:
    first = lines[0] if lines else ""
    marks = ("\t", "|", *((";", ",") if commas else ()))
    mark = next((mark for mark in marks if mark in first), None)

    def split(line: str) -> tuple[str, str]:
        if mark in (";", ","):
            cells = next(csv.reader([line], delimiter=mark or ","), [])
            return (cells[0], cells[1]) if len(cells) > 1 else (line, "")
        # Of LJSpeech's three columns the last one is the text with numbers spelled out.
        name, *rest = line.split(mark) if mark else line.split(maxsplit=1)
        return name, rest[-1] if rest else ""

    return split


def key_of(name: str) -> str:
    """A name as it is compared: without folder and ending of a sound, case and Unicode form."""
    plain = name.strip().replace("\\", "/").rsplit("/", 1)[-1]
    return name_key(re.sub(r"\.(wav|flac|mp4|avi|mp3|textgrid)$", "", plain, flags=re.IGNORECASE))


def truth_next_to(stem: Path) -> Truth | None:
    """What ``stem.txt``, ``stem.lab`` or ``stem.TextGrid`` says; words of the one may go with phones of the other.

    Args:
        stem: path without an ending.

    Raises:
        MediaError: when one of them cannot be read.
    """
    text, phones = "", tuple[str, ...]()
    for ending in TRANSCRIPTS:
        path = stem.with_name(stem.name + ending)
        if not path.is_file():
            continue
        found = truth_of_grid(path) if ending == ".TextGrid" else Truth(_plain_text(path))
        text, phones = text or found.text, phones or found.phones
    return Truth(text, phones) if text or phones else None


def truth_of_grid(path: Path) -> Truth:
    """Words and phones of a TextGrid's tiers ``words`` (``text``, ``sentence``, ...) and ``phones``.

    Raises:
        MediaError: when it cannot be read.
    """
    grid = read_textgrid(path)
    words, phones = (_tier(grid, names) for names in (_WORD_TIERS, _PHONE_TIERS))
    said = [] if words is None else [one.label.strip() for one in words.entries]
    spoken = [] if phones is None else [one.label for one in phones.entries]
    return Truth(" ".join(word for word in said if word.casefold() not in _NO_WORD), plain_phones(spoken))


def _tier(grid: TextGrid, names: Iterable[str]) -> IntervalTier | None:
    own = {tier.name.strip().casefold(): tier for tier in reversed(grid.interval_tiers)}
    return next((own[name] for name in names if name in own), None)


def _plain_text(path: Path) -> str:
    try:
        text, _ = decode(path.read_bytes())
    except (OSError, UnicodeDecodeError):
        raise MediaError(f"{path}: the transcript cannot be read.", "Save it as UTF-8.") from None
    return " ".join(text.split())
