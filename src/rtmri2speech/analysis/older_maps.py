"""What an earlier run has left in a folder of maps, and must not be taken for part of a new one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import cannot_write, read_object

METADATA, SEGMENTS = "_metadata.json", "segments.csv"
"""End of the name of a method's metadata; the table of segments, which all methods of a folder share."""

_OF_REGIONS = ("regions.csv", "regions_time.csv", "regions.json", "regions.png")
_OF_BAND = ("sequence.npy", "average.npy", "average.png")
_OF_SEGMENT = ("sequence.npy", "mean.npy", "mean.png", "spread.npy")
_OF_DIFFERENCE = ("difference.npy", "difference.png")


def remove_older(out: Path, methods: Sequence[str], clip: dict[str, Any]) -> None:
    """Remove what earlier runs of the methods have written, and what was made of it.

    Only files that the older metadata and the table of segments tell of go, by their exact names. The table itself
    stays where another method's maps of the same clip lie beside it.

    Args:
        out: the folder.
        methods: those that are made anew.
        clip: what the new metadata say of the clip: ``video``, ``n_frames`` and ``frame_rate``.

    Raises:
        UserError: when a file cannot be removed.
    """
    segments = _segments(out / SEGMENTS)
    for method in methods:
        known = read_object(out / f"{method}{METADATA}") or {}
        # The metadata go first: without them, what is left is of no method.
        _remove(out / f"{method}{METADATA}")
        for name in (f"{method}_{end}" for end in _OF_REGIONS):
            _remove(out / name)
        for band in _bands(known):
            for path in _of_band(out, f"{method}_{band}", segments):
                _remove(path)
    others = [read_object(path) or {} for path in out.glob(f"*{METADATA}")] if out.is_dir() else []
    if not any(all(other.get(name) == value for name, value in clip.items()) for other in others):
        _remove(out / SEGMENTS)


def _of_band(out: Path, stem: str, segments: Sequence[str]) -> Iterator[Path]:
    """Everything that is written of one method and band."""
    yield from (out / f"{stem}_{end}" for end in _OF_BAND)
    frame = re.compile(re.escape(stem) + r"_frame\d{3,}\.png")
    yield from [path for path in out.iterdir() if frame.fullmatch(path.name)]
    for name in segments:
        yield from (out / f"{stem}_{name}Segment_{end}" for end in _OF_SEGMENT)
    for one, other in permutations(segments, 2):
        yield from (out / f"{stem}_{one}-minus-{other}_{end}" for end in _OF_DIFFERENCE)


def _bands(about: dict[str, Any]) -> list[str]:
    bands = about.get("bands")
    names = [one.get("name") for one in bands if isinstance(one, dict)] if isinstance(bands, list) else []
    return [name for name in names if isinstance(name, str) and _plain(name)]


def _segments(table: Path) -> list[str]:
    """Names of the segments as they stand in file names."""
    try:
        with table.open(encoding="utf-8", newline="") as file:
            names = [row.get("file_name") for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error):
        return []
    return [name for name in dict.fromkeys(names) if name and _plain(name)]


def _plain(name: str) -> bool:
    """Whether a name leads to no other folder."""
    return not set(name) & set("/\\:\0")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
