"""Transcripts of USC-TIMIT: a line for each phone, ``start,end,phone,word,sentence,number``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtmri2speech.data.annotation.grid import GridError, TextGrid, interval_tier

TRANS_SUFFIX = ".trans"
"""Ending of such a file."""

PHONES, WORDS, SENTENCES = "phones", "words", "sentences"
"""Names of the tiers that come from one."""

_SILENCE = {"", "sil", "sp", "spn", "<sil>"}
# Seconds of silence around a sentence that are counted with it, at most up to the middle of a pause.
_AROUND = 0.2

_Entry = tuple[float, float, str]


@dataclass(frozen=True)
class _Row:
    start: float
    end: float
    phone: str
    word: str
    sentence: str
    number: str


def read_trans(text: str) -> TextGrid:
    """Read a transcript as tiers of phones, words and sentences.

    A word or sentence may stand in each of its lines or in the first one only. The text of a sentence may have commas.
    Sentences include up to 0.2 s of the silence around them, and where the next is nearer, half of the pause.

    Raises:
        GridError: when a line has no times, or goes backwards, with the line.
    """
    rows = [row for number, line in enumerate(text.splitlines(), start=1) if (row := _row(number, line)) is not None]
    if not rows:
        raise GridError("line 1: no line 'start,end,phone,word,sentence,number'")
    end = max(row.end for row in rows)
    words = _words([(row.start, row.end, row.word) for row in rows if row.phone.casefold() not in _SILENCE])
    phones = [(row.start, row.end, row.phone) for row in rows]
    tiers = [interval_tier(PHONES, phones), interval_tier(WORDS, words)]
    if sentences := _sentences(rows, end):
        tiers.append(interval_tier(SENTENCES, sentences))
    return TextGrid(0.0, end, tuple(tiers), bounded=False)


def _row(number: int, line: str) -> _Row | None:
    cells = [cell.strip() for cell in line.split(",")]
    if not any(cells):
        return None
    try:
        start, end = float(cells[0]), float(cells[1])
    except (IndexError, ValueError):
        raise GridError(f"line {number}: '{line[:40]}' does not start with two times in seconds") from None
    if not 0 <= start <= end < 1e6:
        raise GridError(f"line {number}: from {start:g} to {end:g} s is no stretch of time")
    phone, word = (*cells[2:4], "", "")[:2]
    last = cells[-1] if len(cells) > 5 else ""
    return _Row(start, end, phone, word, ", ".join(cells[4:-1]) if len(cells) > 5 else "", last)


def _words(entries: Sequence[_Entry]) -> list[_Entry]:
    """Words from lines of phones; where some have none, the word stands in its first line only."""
    first_only = any(not label for _, _, label in entries)
    found: list[_Entry] = []
    for start, end, label in entries:
        goes_on = not label if first_only else bool(found) and label == found[-1][2]
        if goes_on and found and start - found[-1][1] < 1e-3:
            found[-1] = (found[-1][0], end, found[-1][2])
        elif label:
            found.append((start, end, label))
    return found


def _sentences(rows: Sequence[_Row], end: float) -> list[_Entry]:
    spans: dict[str, _Entry] = {}
    current = ""
    for row in rows:
        silent = row.phone.casefold() in _SILENCE
        current = row.number or (current if not silent else "")
        if silent or not current:
            continue
        start, _, text = spans.get(current, (row.start, row.end, ""))
        spans[current] = (start, row.end, text or row.sentence)
    order = sorted(spans.values())
    edges = [-_AROUND, *(value for start, stop, _ in order for value in (start, stop)), end + _AROUND]
    padded = []
    for index, (start, stop, text) in enumerate(order):
        before, after = edges[2 * index], edges[2 * index + 3]
        first, last = max(start - _AROUND, (before + start) / 2, 0.0), min(stop + _AROUND, (stop + after) / 2)
        padded.append((first, min(last, end), text or f"sentence {index + 1}"))
    return padded
