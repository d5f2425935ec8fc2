"""Tables as people and spreadsheet programs write them: rows of cells, and numbers in cells."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.errors import ConfigError

_SEPARATORS = (",", ";", "\t")


def read_cells(path: Path, needed: str) -> list[tuple[int, list[str], str]]:
    """Line, cells and separator of every row that is not empty.

    Args:
        path: a table with commas, semicolons or tabs between its columns, in any common encoding.
        needed: the remedy where it cannot be read.

    Raises:
        ConfigError: when it cannot be read.
    """
    try:
        return _rows(decode(path.read_bytes())[0])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{path}: cannot be read as a table ({reason}).", needed) from None


def _rows(text: str) -> list[tuple[int, list[str], str]]:
    lines = text.splitlines(keepends=True)
    skipped, separator = 0, None
    declared = re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE) if lines else None
    if declared is not None:  # Excel's own way to name it
        skipped, separator = 1, declared[1]
    first = next((line for line in lines[skipped:] if line.strip()), "")
    if separator is None:
        separator = max(_SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=separator)
    rows, line = [], skipped + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((line, [cell.strip() for cell in cells], separator))
        line = skipped + reader.line_num + 1
    return rows


def number_in(cell: str, separator: str) -> float:
    """The number in a cell, NaN where there is none; a decimal comma is one where commas separate nothing."""
    plain = cell.strip()
    if separator != ",":
        plain = plain.replace(",", ".")  # Excel's where the decimal mark is a comma
    try:
        return float(plain)
    except ValueError:
        return math.nan
