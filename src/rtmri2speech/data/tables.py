"""Tables as CSV: rows of plain values, as pandas takes them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

from rtmri2speech.data.files import replacing_text

Value: TypeAlias = str | int | float | bool | None
"""A cell; None is unknown."""

Row: TypeAlias = Mapping[str, Value]
"""A row by column names: ``pandas.DataFrame(rows)`` is the table."""


def finite_or_none(value: float) -> float | None:
    """A number as a cell of a row: None where it is NaN or infinite; truth values are as they are."""
    return (value if isinstance(value, bool) else float(value)) if math.isfinite(value) else None


def table_text(columns: Sequence[str], rows: Iterable[Sequence[Value] | Row], digits: int | None = None) -> str:
    """A table as CSV text with ``\\n`` line ends; unknown values (None, NaN) are empty cells.

    Args:
        columns: the heading.
        rows: cells in the order of ``columns``, or by column name.
        digits: significant digits of floating-point numbers; None for all that they have.
    """
    text = io.StringIO()
    _write(text, columns, rows, digits)
    return text.getvalue()


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Value] | Row], digits: int | None = None
) -> Path:
    """Write what :func:`table_text` gives, row by row, in one step, and return ``path``.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing_text(path) as file:
        _write(file, columns, rows, digits)
    return path


def _write(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Value] | Row], digits: int | None) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row.get(name) for name in columns] if isinstance(row, Mapping) else row
        writer.writerow([_cell(value, digits) for value in cells])


def _cell(value: Value, digits: int | None) -> Value:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) and digits is not None else value
