"""Tables of intervals: label, start, end, and a tier where there are several."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

from rtmri2speech.data.annotation.cells import number_in
from rtmri2speech.data.annotation.grid import GridError, TextGrid, interval_tier
from rtmri2speech.data.annotation.other_headers import guess_columns

TABLE_SUFFIXES = (".csv", ".tsv")
"""Endings of files that are read as tables."""

TIER = "phones"
"""The tier of a table that names none."""

# The second ones are of Praat's own tables ("Down to Table") and of other programs.
_COLUMNS = {
    "label": ("label", "text", "phone", "annotation", "trial_type"),
    "start": ("start", "tmin", "xmin", "begin", "onset"),
    "end": ("end", "tmax", "xmax", "stop", "offset"),
    "tier": ("tier",),
}
# Instead of an end: tables of events in the manner of BIDS have onset, duration, trial_type.
_LENGTH = "duration"
_NEEDED = "label, start, end"


def read_table(text: str) -> TextGrid:
    """Read a table with a header; commas, semicolons or tabs between columns, other columns are not used.

    Where the header has other words, one column must hold words, and just one pair of columns can be times: see
    :func:`~rtmri2speech.data.annotation.other_headers.guess_columns`.

    Raises:
        GridError: when a column is missing or a time is no number, with the line.
    """
    separator = separator_of(text)
    taken: dict[str, int] = {}
    if separator is None:
        separator, taken = guess_columns(text)
    if separator is None:
        first = text.strip().split("\n")[0].strip()[:60] if text.strip() else ""
        raise GridError(f"line 1: the header is '{first}'; it must name {_NEEDED}")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns: dict[str, int] = {}
    names: list[str] = []
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns = taken or _columns(row)
                names = [row[columns[name]].strip() for name in taken]
                continue
            if len(row) <= max(columns.values()):
                raise GridError(f"line {rows.line_num}: has {len(row)} column(s), and the header names more")
            start, end = (
                _seconds(row[columns[name]], separator, name, rows.line_num) for name in ("start", _end(columns))
            )
            end += start if "end" not in columns else 0.0
            if end < start:
                raise GridError(f"line {rows.line_num}: ends at {end:g} s, before it starts at {start:g} s")
            tier = row[columns["tier"]].strip() if "tier" in columns else TIER
            tiers.setdefault(tier or TIER, []).append((start, end, row[columns["label"]]))
    except csv.Error as error:
        raise GridError(f"line {rows.line_num}: {error}") from None
    times = [time for entries in tiers.values() for start, end, _ in entries for time in (start, end)]
    return TextGrid(
        min([0.0, *times]),
        max([0.0, *times]),
        tuple(interval_tier(name, entries) for name, entries in tiers.items()),
        bounded=False,
        columns=tuple(names),
    )


def separator_of(text: str) -> str | None:
    """What stands between the columns of a table of intervals; None where the text is no such table."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    for separator in (",", ";", "\t"):
        columns = _columns(next(csv.reader([first], delimiter=separator), []))
        if {"label", "start", _end(columns)} <= set(columns):
            return separator
    return None


def _columns(header: Sequence[str]) -> dict[str, int]:
    plain = [cell.strip().casefold() for cell in header]
    found: dict[str, int] = {}
    for name, spellings in _COLUMNS.items():
        places = [plain.index(spelling) for spelling in spellings if spelling in plain]
        if places:
            found[name] = places[0]
    if "end" not in found and _LENGTH in plain:
        found[_LENGTH] = plain.index(_LENGTH)
    return found


def _end(columns: Mapping[str, int]) -> str:
    """The column that says where an interval ends, or how long it is."""
    return _LENGTH if "end" not in columns and _LENGTH in columns else "end"


def _seconds(cell: str, separator: str, name: str, line: int) -> float:
    value = number_in(cell, separator)
    if not math.isfinite(value):
        raise GridError(f"line {line}: {name} '{cell.strip()[:40]}' is not a number of seconds")
    return value
