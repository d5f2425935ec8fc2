"""Praat's text files of TextGrids: long, short and chronological.

Praat reads values in a fixed order and takes everything between them (``xmin =``, ``intervals [3]:``) for comments
(Praat's manual, page "TextGrid file formats"); so does this module, and so lines may be missing or spelled anew.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rtmri2speech.data.annotation.grid import GridError, TextGrid, Tier, interval_tier, point_tier

_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"'
    r"|<(?P<flag>[^<>\s]*)>"
    r"|\[[^\]\[\"\n]*\]:?"
    r"|![^\n\r]*"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?=[\s\"<!]|$)"
    r"|(?P<open>\")"
    r"|(?P<word>[^\s\"<\[=!]+)"
    r"|[^\s]"
)
_CHRONOLOGICAL = "Praat chronological TextGrid text file"
_INTERVALS, _POINTS = "IntervalTier", "TextTier"


@dataclass(frozen=True)
class _Value:
    """A value of the file: its kind, itself, and where it stands."""

    kind: str
    value: str
    offset: int


class TextReader:
    """Hands out a file's values in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._values = self._scan()
        self._next = next(self._values, None)

    def _scan(self) -> Iterator[_Value]:
        for match in _TOKEN.finditer(self._text):
            kind = match.lastgroup
            if kind == "open":
                raise GridError(f"line {self._line(match.start())}: the quote is not closed")
            # A word that starts as a number does is one gone wrong: 0,5 or --undefined--.
            if kind == "word" and match["word"][0] in "-+0123456789":
                raise GridError(f"line {self._line(match.start())}: '{match['word'][:40]}' is not a number")
            if kind in ("text", "flag", "number"):
                yield _Value(kind, match[kind], match.start())

    def _line(self, offset: int) -> int:
        return len(re.findall(r"\r\n|\r|\n", self._text[:offset])) + 1

    def _take(self, kind: str, wanted: str) -> _Value:
        value = self._next
        if value is None:
            raise GridError(f"the file ends before {wanted}")
        if value.kind != kind:
            raise GridError(f"line {self._line(value.offset)}: '{value.value[:40]}' stands where {wanted} should be")
        self._next = next(self._values, None)
        return value

    def text(self, wanted: str) -> str:
        """A string in quotes."""
        return self._take("text", wanted).value.replace('""', '"')

    def number(self, wanted: str) -> float:
        """A finite number."""
        found = self._take("number", wanted)
        value = float(found.value)
        if not math.isfinite(value):
            raise GridError(f"line {self._line(found.offset)}: {wanted}, {found.value[:40]}, is out of range")
        return value

    def count(self, wanted: str) -> int:
        """A whole number from 0 on."""
        found = self._take("number", wanted)
        if not found.value.isdecimal():
            raise GridError(f"line {self._line(found.offset)}: {wanted}, {found.value[:40]}, is not a whole number")
        # No file is that long, and int() refuses to read more digits.
        return int(found.value) if len(found.value) < 19 else 10**18

    def flag(self) -> str | None:
        """A word in angle brackets, where one stands."""
        if self._next is None or self._next.kind != "flag":
            return None
        return self._take("flag", "a flag").value

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._next is None

    @property
    def next_kind(self) -> str | None:
        """What comes next: ``text``, ``number`` or ``flag``; None at the end."""
        return None if self._next is None else self._next.kind


def read_text(text: str) -> TextGrid:
    """Read a TextGrid from the text of its file.

    Raises:
        GridError: when it is none, or damaged.
    """
    reader = TextReader(text)
    kind = reader.text("the file type")
    if kind == _CHRONOLOGICAL:
        return _read_chronological(reader)
    if kind not in ("ooTextFile", "ooTextFile short"):
        raise GridError(f"of the type '{kind[:40]}', not Praat's ooTextFile")
    refuse_other(reader.text("the object class"))
    start, end = reader.number("the start of the sound"), reader.number("the end of the sound")
    if reader.flag() not in ("exists", None):
        return TextGrid(start, end, ())
    count = reader.count("the number of tiers")
    return TextGrid(start, end, tuple(_read_tier(reader, number) for number in _up_to(count)))


def refuse_other(name: str) -> None:
    """Refuse the files of Praat's other objects.

    Raises:
        GridError: naming the object.
    """
    if name.split(" ")[0] != "TextGrid":
        raise GridError(f"Praat's {name[:40]}, not a TextGrid")


def _up_to(count: int) -> Iterator[int]:
    # range() of what a damaged file says costs nothing: the file ends first.
    return iter(range(1, count + 1))


def _read_tier(reader: TextReader, number: int) -> Tier:
    kind, name = reader.text(f"the class of tier {number}"), reader.text(f"the name of tier {number}")
    where = f"tier '{name}'"
    reader.number(f"the start of {where}")
    reader.number(f"the end of {where}")
    count = reader.count(f"the size of {where}")
    if kind == _INTERVALS:
        return interval_tier(name, [_interval(reader, f"interval {index} of {where}") for index in _up_to(count)])
    if kind == _POINTS:
        return point_tier(name, [_point(reader, f"point {index} of {where}") for index in _up_to(count)])
    raise GridError(f"{where} is of the class '{kind[:40]}', neither {_INTERVALS} nor {_POINTS}")


def _interval(reader: TextReader, where: str) -> tuple[float, float, str]:
    start, end = reader.number(f"the start of {where}"), reader.number(f"the end of {where}")
    return start, end, reader.text(f"the label of {where}")


def _point(reader: TextReader, where: str) -> tuple[float, str]:
    return reader.number(f"the time of {where}"), reader.text(f"the label of {where}")


def _read_chronological(reader: TextReader) -> TextGrid:
    start, end = reader.number("the start of the sound"), reader.number("the end of the sound")
    heads: list[tuple[str, str]] = []
    for number in _up_to(reader.count("the number of tiers")):
        heads.append((reader.text(f"the class of tier {number}"), reader.text(f"the name of tier {number}")))
        reader.number(f"the start of tier {number}")
        reader.number(f"the end of tier {number}")
    intervals: list[list[tuple[float, float, str]]] = [[] for _ in heads]
    points: list[list[tuple[float, str]]] = [[] for _ in heads]
    while not reader.ended:
        number = reader.count("the number of a tier")
        if not 1 <= number <= len(heads):
            raise GridError(f"tier {number} of {len(heads)} is labeled")
        if heads[number - 1][0] == _INTERVALS:
            intervals[number - 1].append(_interval(reader, f"an interval of tier {number}"))
        else:
            points[number - 1].append(_point(reader, f"a point of tier {number}"))
    return TextGrid(
        start,
        end,
        tuple(
            interval_tier(name, one) if kind == _INTERVALS else point_tier(name, other)
            for (kind, name), one, other in zip(heads, intervals, points, strict=True)
        ),
    )
