"""Praat's binary files of TextGrids.

Numbers are big-endian; a name has a byte of length before it; a string has two bytes of length, or FF FF, two bytes
of length and UTF-16 (Praat's source, ``melder/abcio.cpp``: ``bingetw8``, ``bingetw16``).
"""

from __future__ import annotations

import math
import struct

from rtmri2speech.data.annotation.grid import GridError, TextGrid, Tier, interval_tier, point_tier
from rtmri2speech.data.annotation.praat_text import refuse_other

SIGNATURE = b"ooBinaryFile"
"""The bytes with which such a file starts."""


class BinaryReader:
    """Hands out a file's values in order, after its signature."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, len(SIGNATURE)

    def bytes(self, count: int) -> bytes:
        """The next bytes."""
        part = self._content[self._at : self._at + count]
        if len(part) < count:
            raise GridError("the file ends too early")
        self._at += count
        return part

    def whole(self, size: int, signed: bool = False) -> int:
        """A whole number of ``size`` bytes."""
        return int.from_bytes(self.bytes(size), "big", signed=signed)

    def number(self) -> float:
        """A finite number."""
        (value,) = struct.unpack(">d", self.bytes(8))
        if not math.isfinite(value):
            raise GridError(f"byte {self._at - 8}: a time is not a number")
        return float(value)

    def name(self) -> str:
        """The name of a class."""
        return self.bytes(self.whole(1)).decode("latin-1")

    def _character(self) -> str:
        # The length counts characters, and a pair of surrogates is one of them.
        unit = self.bytes(2)
        pair = 0xD8 <= unit[0] <= 0xDB
        return (unit + self.bytes(2) if pair else unit).decode("utf-16-be", "replace")

    def text(self) -> str:
        """A string."""
        length = self.whole(2)
        if length == 0xFFFF:
            return "".join(self._character() for _ in range(self.whole(2)))
        return self.bytes(length).decode("latin-1")


def read_binary(content: bytes) -> TextGrid:
    """Read a TextGrid from the bytes of its file.

    Raises:
        GridError: when it is none, or damaged.
    """
    reader = BinaryReader(content)
    refuse_other(reader.name())
    start, end = reader.number(), reader.number()
    if not reader.whole(1):
        return TextGrid(start, end, ())
    return TextGrid(start, end, tuple(_read_tier(reader) for _ in range(_count(reader))))


def _read_tier(reader: BinaryReader) -> Tier:
    kind, name = reader.name(), reader.text()
    reader.bytes(16)  # the tier's own start and end
    if kind == "IntervalTier":
        return interval_tier(name, [(reader.number(), reader.number(), reader.text()) for _ in range(_count(reader))])
    if kind == "TextTier":
        return point_tier(name, [(reader.number(), reader.text()) for _ in range(_count(reader))])
    raise GridError(f"tier '{name[:40]}' is of the class '{kind[:40]}', neither IntervalTier nor TextTier")


def _count(reader: BinaryReader) -> int:
    count = reader.whole(4, signed=True)
    if count < 0:
        raise GridError("a tier has fewer than no entries")
    return count
