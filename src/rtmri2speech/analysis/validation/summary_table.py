"""One table of how faithful maps are to the model and how plausible to physics, by method, target and layer."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.validation.probe import Variant
from rtmri2speech.data.files import read_object, write_text
from rtmri2speech.data.provenance import MODEL_HASH, same_model
from rtmri2speech.errors import DatasetError

POOLED = "all"
"""The band of rows that stand for all bands together."""
FAITHFULNESS, PHYSICS = "faithfulness.csv", "physics.csv"
"""Tables that the one table is made of, in the same folder."""
SCHEMA = 1
"""Form of the JSON file beside each, which tells what it was made with."""

_KEY = ("method", "target", "cell_pixels", "band")
# Column of a table, and what people call it.
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
        values: by column.
    """

    variant: Variant
    band: str
    values: Mapping[str, float]


def write_scores(path: Path, scores: Sequence[Score]) -> Path:
    """Write scores as CSV, all with the same columns; cells are empty where nothing is known.

    Raises:
        UserError: when it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_KEY, *scores[0].values])
    for score in scores:
        variant = score.variant
        writer.writerow(
            [variant.method, variant.target, variant.stride, score.band, *map(_cell, score.values.values())]
        )
    write_text(path, text.getvalue())
    return path


def _about(table: Path) -> dict[str, Any]:
    """What a table was made with, from the JSON file of its name; empty where nothing tells."""
    return read_object(table.with_suffix(".json")) or {}


def write_belief(folder: Path, newest: str | None = None, notes: list[str] | None = None) -> list[Path]:
    """Write ``belief.csv`` and ``belief.md`` of the tables that lie in a folder.

    Args:
        folder: where.
        newest: the table that was just made. A table of another model is left out; without this, none is.
        notes: taken further: a line about a table that was left out.

    Raises:
        DatasetError: when a table there is damaged.
        UserError: when a file cannot be written.
    """
    ours = {} if newest is None else _about(folder / newest)
    tables = {}
    for name in _COLUMNS:
        theirs = _about(folder / name) if (folder / name).is_file() else {}
        if newest is None or same_model(ours, theirs):
            tables[name] = _pooled(folder / name)
            continue
        tables[name] = {}
        if notes is not None:
            made = f"{theirs.get('model')} ({str(theirs[MODEL_HASH])[:12]})"
            notes.append(f"{folder / name}: made with another model, {made}: left out of belief.md")
    found = [name for name, rows in tables.items() if rows]
    keys = list(dict.fromkeys(key for name in found for key in tables[name]))
    headings = {column: text for name in found for column, text in _COLUMNS[name].items()}
    rows = []
    for key in keys:
        values = {column: cell for name in found for column, cell in tables[name].get(key, {}).items()}
        rows.append([*key, *(values.get(column, "") for column in headings)])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[*_KEY[:-1], *headings.keys()], *rows])
    write_text(folder / "belief.csv", text.getvalue())
    titles = ["method", "target", "cell (pixels)", *headings.values()]
    lines = [titles, ["---"] * 2 + ["---:"] * (len(titles) - 2), *([*row[:3], *map(_short, row[3:])] for row in rows)]
    write_text(folder / "belief.md", "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return [folder / "belief.csv", folder / "belief.md"]


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


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _short(cell: str) -> str:
    return f"{float(cell):.3g}" if cell else ""
