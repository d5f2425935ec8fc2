"""Read the tables that commands write."""

from __future__ import annotations

import csv
from pathlib import Path


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by column, as text."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
