"""One table of how faithful maps are to the model and how plausible to physics, by method, target and layer."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.validation.clip_probe import Variant
from rtmri2speech.data.files import read_object, remove_file, write_text
from rtmri2speech.data.provenance import MODEL_HASH, same_model, write_about
from rtmri2speech.data.tables import Row, Value, write_table
from rtmri2speech.errors import DatasetError

POOLED = "all"
"""The band of rows that stand for all bands together."""
FAITHFULNESS, PHYSICS = "faithfulness.csv", "physics.csv"
"""Tables that the one table is made from, in the same folder."""
SCHEMA = 1
"""Form of the JSON file next to each, which says what it was made with."""

_KEY = ("method", "target", "cell_pixels", "band")
# Column of a table, and its heading.
_COLUMNS: dict[str, dict[str, str]] = {
    FAITHFULNESS: {
        "randomised_rank": "rank correlation with maps of a random model",
        "randomised_rank_absolute": "the same of absolute values",
        "deletion_vs_random": "deletion against random",
        "deletion_vs_best": "deletion against the best baseline",
        "insertion_vs_random": "insertion against random",
        "insertion_vs_best": "insertion against the best baseline",
        "regions_signed": "regions: attribution and effect",
    },
    PHYSICS: {
        "cosine": "cosine with physics",
        "cosine_even": "that of an even map",
        "rank": "rank correlation with physics",
        "p": "p, places permuted",
        "p_specific": "p, vowels permuted",
        "tract_density": "density in the tract",
    },
}


@dataclass(frozen=True)
class Score:
    """What was found of one way to make maps.

    Attributes:
        variant: which.
        band: its band, or :data:`POOLED`.
        values: by column; NaN where nothing is known.
    """

    variant: Variant
    band: str
    values: Mapping[str, float]

    def row(self) -> dict[str, Value]:
        """As a row of a table."""
        return {**self.variant.key, "band": self.band, **self.values}


def write_scores(path: Path, scores: Sequence[Score], about: Mapping[str, Any]) -> list[Path]:
    """Write scores as CSV, and next to it, as JSON of the same name and kind, what they were made with.

    Args:
        path: of the table, one of :data:`FAITHFULNESS` and :data:`PHYSICS`; unknown values are empty cells.
        scores: all with the same columns.
        about: what they were made with.

    Raises:
        UserError: when a file cannot be written.
    """
    description = path.with_suffix(".json")
    # The older one goes first: it must never lie next to a newer table.
    remove_file(description)
    table = write_table(path, list(scores[0].row()), [score.row() for score in scores], digits=6)
    return [table, write_about(description, path.stem, SCHEMA, about)]


@dataclass(frozen=True)
class SummaryTable:
    """The rows for all bands together of the tables in a folder.

    Attributes:
        headings: columns and their headings.
        table: rows by column name; cells as in the tables.
        notes: a line about each table that was left out.
    """

    headings: dict[str, str]
    table: list[Row]
    notes: list[str]

    def rows(self) -> list[Row]:
        """The table: ``pandas.DataFrame(summary.rows())``."""
        return self.table

    def markdown(self) -> str:
        """As a Markdown table with three significant digits."""
        titles = ["method", "target", "cell (pixels)", *self.headings.values()]
        lines = [titles, ["---"] * 2 + ["---:"] * (len(titles) - 2)]
        for row in self.table:
            lines.append([str(row[name]) for name in _KEY[:-1]] + [_short(str(row[name])) for name in self.headings])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``belief.csv`` and ``belief.md``.

        Raises:
            UserError: when a file cannot be written.
        """
        out = Path(folder)
        write_table(out / "belief.csv", [*_KEY[:-1], *self.headings], self.table)
        write_text(out / "belief.md", self.markdown())
        return [out / "belief.csv", out / "belief.md"]


def summarize(folder: str | Path, newest: str | None = None) -> SummaryTable:
    """Join the tables of faithfulness and plausibility that lie in a folder.

    Args:
        folder: where.
        newest: the table that was just made. A table of another model is left out; without this, none is.

    Raises:
        DatasetError: when a table there is damaged.
    """
    folder = Path(folder)
    ours = {} if newest is None else _about(folder / newest)
    tables: dict[str, dict[tuple[str, ...], dict[str, str]]] = {}
    notes = []
    for name in _COLUMNS:
        theirs = _about(folder / name) if (folder / name).is_file() else {}
        if newest is None or same_model(ours, theirs):
            tables[name] = _pooled(folder / name)
        else:
            made = f"{theirs.get('model')} ({str(theirs[MODEL_HASH])[:12]})"
            notes.append(f"{folder / name}: made with another model, {made}: left out of belief.md")
    found = [name for name, rows in tables.items() if rows]
    headings = {column: text for name in found for column, text in _COLUMNS[name].items()}
    joined: dict[tuple[str, ...], dict[str, str]] = {}
    for name in found:
        for key, cells in tables[name].items():
            joined.setdefault(key, dict.fromkeys(headings, "")).update(cells)
    table: list[Row] = [dict(zip(_KEY[:-1], key, strict=True)) | cells for key, cells in joined.items()]
    return SummaryTable(headings, table, notes)


def _about(table: Path) -> dict[str, Any]:
    """What a table was made with, from the JSON file of its name; empty where nothing says so."""
    return read_object(table.with_suffix(".json")) or {}


def _pooled(path: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """Rows for all bands together, by method, target and layer; none where there is no such file."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        return {
            tuple(row[name] for name in _KEY[:-1]): {column: row[column] for column in _COLUMNS[path.name]}
            for row in rows
            if row["band"] == POOLED
        }
    except KeyError as error:
        raise DatasetError(f"{path}: has no column {error}.", "Make it again, or write to another folder.") from None


def _short(cell: str) -> str:
    return f"{float(cell):.3g}" if cell else ""
