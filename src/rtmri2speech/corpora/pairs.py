"""A table that says which sound belongs to which video."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.names import Folders
from rtmri2speech.data.annotation.cells import number_in, read_cells
from rtmri2speech.data.endings import is_there, name_key, no_such_file
from rtmri2speech.errors import ConfigError, MediaError

COLUMNS = ("video", "audio", "id", "speaker", "sync_offset")
"""Columns of the table; only the first is needed."""

_HELP = "Needed: a header 'video,audio' (also allowed: id, speaker, sync_offset), then a line per recording."


@dataclass(frozen=True)
class Pair:
    """A row of the table: paths are those of files that are there, empty cells are None."""

    video: Path
    audio: Path | None
    id: str | None
    speaker: str | None
    sync_offset: float | None


def read_pairs(path: Path) -> list[Pair]:
    """Read a table with commas, semicolons or tabs between its columns, as spreadsheet programs write it.

    Files are looked for in the table's folder, whatever the letter case and Unicode form of their names.

    Raises:
        ConfigError: when the table cannot be read, a column is unknown, or a cell is wrong: with line and column.
        MediaError: when a file is not there.
    """
    rows = read_cells(path, _HELP)
    if not rows:
        raise ConfigError(f"{path}: the table is empty.", _HELP)
    header = _header(path, *rows[0])
    folders = Folders()
    return [_pair(path, line, header, cells, rows[0][2], folders) for line, cells, _ in rows[1:]]


def _header(path: Path, line: int, cells: Sequence[str], separator: str) -> list[str]:
    names = [cell.casefold() for cell in cells]
    if not set(names) & set(COLUMNS):
        shown = separator.join(cells)[:60]
        raise ConfigError(f"{path}, line {line}: the header is '{shown}', and names no column that is known.", _HELP)
    for number, (name, cell) in enumerate(zip(names, cells, strict=True), start=1):
        if name and name not in COLUMNS:
            meant = difflib.get_close_matches(re.sub(r"[\W_]+", "_", name), COLUMNS, 1)
            remedy = f"Did you mean '{meant[0]}'?" if meant else "Remove the column."
            raise ConfigError(
                f"{path}, line {line}: column {number} is called '{cell}', which is unknown.",
                f"{remedy} Columns are {', '.join(COLUMNS)}.",
            )
        if name and names.index(name) < number - 1:
            raise ConfigError(f"{path}, line {line}: there are two columns '{name}'.", "Remove one of them.")
    if "video" not in names:
        raise ConfigError(f"{path}, line {line}: there is no column 'video'.", _HELP)
    return names


def _pair(path: Path, line: int, header: list[str], cells: list[str], separator: str, folders: Folders) -> Pair:
    for number, cell in enumerate(cells):
        if cell and (number >= len(header) or not header[number]):
            raise ConfigError(
                f"{path}, line {line}: '{cell[:40]}' stands in column {number + 1}, which the header does not name.",
                "Put names with a comma or a semicolon into quotation marks, or name the column.",
            )
    row = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
    if "video" not in row:
        raise ConfigError(f"{path}, line {line}, column video: names no video.", "Name one, or remove the line.")
    audio = _file(path, line, "audio", row["audio"], folders) if "audio" in row else None
    offset = row.get("sync_offset")
    return Pair(
        _file(path, line, "video", row["video"], folders),
        audio,
        row.get("id"),
        row.get("speaker"),
        None if offset is None else _seconds(path, line, offset, separator),
    )


def _file(table: Path, line: int, column: str, cell: str, folders: Folders) -> Path:
    named = table.parent / cell
    candidates = [named] if is_there(named) or "\\" not in cell else [named, table.parent / cell.replace("\\", "/")]
    for path in candidates:
        if path.is_file():
            return path
        same = folders.files(path.parent).get(name_key(path.stem), [])
        alike = [one for one in same if name_key(one.name) == name_key(path.name) and one.is_file()]
        if len(alike) == 1:
            return alike[0]
    error = no_such_file(named)
    problem = error.problem.rstrip(".")
    raise MediaError(
        f"{problem} ({table}, line {line}, column {column}).",
        error.remedy if named.is_symlink() else "Correct the table; its paths start at the folder that it lies in.",
    )


def _seconds(path: Path, line: int, cell: str, separator: str) -> float:
    value = number_in(cell, separator)
    if not math.isfinite(value):
        raise ConfigError(
            f"{path}, line {line}, column sync_offset: '{cell[:40]}' is not a number.",
            "Give seconds, such as 0.5, or leave the cell empty.",
        )
    return value
