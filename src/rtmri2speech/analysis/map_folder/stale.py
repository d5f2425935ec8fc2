"""Removal of what an earlier run has left in a folder of maps, and would be taken for part of a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.map_folder.names import (
    CELLS,
    METADATA,
    REGION_COURSES,
    REGION_FIGURE,
    REGION_ORIGIN,
    REGION_TABLE,
    SEGMENTS,
)
from rtmri2speech.analysis.map_folder.segments import file_names
from rtmri2speech.data.files import cannot_write, read_object

_OF_METHOD = (REGION_TABLE, REGION_COURSES, REGION_ORIGIN, REGION_FIGURE, CELLS)
_OF_BAND = ("sequence.npy", "average.npy", "average.png")
_OF_SEGMENT = ("sequence.npy", "mean.npy", "mean.png", "spread.npy")
_OF_DIFFERENCE = ("difference.npy", "difference.png")


def remove_stale(folder: Path, methods: Sequence[str], clip: Mapping[str, Any]) -> None:
    """Remove what earlier runs of the methods have written, and what was made from it.

    Only files that the older metadata and the table of segments describe are removed, by their exact names. The table
    itself stays where another method's maps of the same clip lie next to it.

    Args:
        folder: of maps.
        methods: those that are made anew.
        clip: what the new metadata say of the clip: ``video``, ``n_frames`` and ``frame_rate``.

    Raises:
        UserError: when a file cannot be removed.
    """
    segments = [name for name in file_names(folder / SEGMENTS) if _plain(name)]
    for method in methods:
        known = read_object(folder / f"{method}{METADATA}") or {}
        # The metadata go first: without them, what is left is of no method.
        _remove(folder / f"{method}{METADATA}")
        for end in _OF_METHOD:
            _remove(folder / f"{method}{end}")
        for band in _bands(known):
            for path in _of_band(folder, f"{method}_{band}", segments):
                _remove(path)
    others = [read_object(path) or {} for path in folder.glob(f"*{METADATA}")] if folder.is_dir() else []
    if not any(all(other.get(name) == value for name, value in clip.items()) for other in others):
        _remove(folder / SEGMENTS)


def _of_band(folder: Path, stem: str, segments: Sequence[str]) -> Iterator[Path]:
    """Everything that is written of one method and band."""
    yield from (folder / f"{stem}_{end}" for end in _OF_BAND)
    frame = re.compile(re.escape(stem) + r"_frame\d{3,}\.png")
    yield from [path for path in folder.iterdir() if frame.fullmatch(path.name)]
    for name in segments:
        yield from (folder / f"{stem}_{name}Segment_{end}" for end in _OF_SEGMENT)
    for one, other in permutations(segments, 2):
        yield from (folder / f"{stem}_{one}-minus-{other}_{end}" for end in _OF_DIFFERENCE)


def _bands(about: dict[str, Any]) -> list[str]:
    bands = about.get("bands")
    names = [one.get("name") for one in bands if isinstance(one, dict)] if isinstance(bands, list) else []
    return [name for name in names if isinstance(name, str) and _plain(name)]


def _plain(name: str) -> bool:
    """Whether a name leads to no other folder."""
    return not set(name) & set("/\\:\0")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
