"""Tables of intervals whose header has other words than ours: which columns are label, start and end."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from itertools import combinations, pairwise

from rtmri2speech.data.annotation.cells import number_in

_SEPARATORS = (";", "\t", ",")
# With fewer rows, formants or counts can look like times by chance.
_LEAST_ROWS = 3


def guess_columns(text: str) -> tuple[str | None, dict[str, int]]:
    """Separator and columns of a table whose header does not name them, or None and nothing where that is not certain.

    Taken is the only column of words, and the only two columns of numbers of which the first is below the second in
    every row, and below which no row starts before the one above has ended. A count, a duration or a formant is not
    like that.
    """
    for separator in _SEPARATORS:
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
        except csv.Error:
            continue
        columns = _columns(rows, separator)
        if columns:
            return separator, columns
    return None, {}


def _columns(rows: Sequence[Sequence[str]], separator: str) -> dict[str, int]:
    header, body = (rows[0], rows[1:]) if rows else ((), ())
    if len(header) < 3 or len(body) < _LEAST_ROWS or any(len(row) != len(header) for row in body):
        return {}
    if any(not cell.strip() or math.isfinite(number_in(cell, separator)) for cell in header):
        return {}  # no header, but an interval
    numbers = [[number_in(row[place], separator) for row in body] for place in range(len(header))]
    words = [place for place, column in enumerate(numbers) if not any(map(math.isfinite, column))]
    known = [place for place, column in enumerate(numbers) if all(map(math.isfinite, column))]
    times = [pair for pair in combinations(known, 2) if _are_times(numbers[pair[0]], numbers[pair[1]])]
    if len(words) != 1 or len(times) != 1:
        return {}
    return {"label": words[0], "start": times[0][0], "end": times[0][1]}


def _are_times(starts: Sequence[float], ends: Sequence[float]) -> bool:
    rows = list(zip(starts, ends, strict=True))
    return all(start < end for start, end in rows) and all(one[1] <= after[0] for one, after in pairwise(rows))
