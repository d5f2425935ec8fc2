"""The table of segments: which rows of a segment's maps are which frames of the clip."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Int64
from rtmri2speech.data.tables import Value, write_table
from rtmri2speech.errors import DatasetError
from rtmri2speech.phonetics.labeled_segments import Segment, Token

_COLUMNS = ("segment", "file_name", "token", "start_s", "end_s", "first_frame", "last_frame", "first_row")


def write_segments(segments: Sequence[Segment], path: Path) -> Path:
    """Write the table.

    Raises:
        UserError: when it cannot be written.
    """
    return write_table(path, _COLUMNS, _rows(segments))


def read_segments(path: Path, n_frames: int, of: str = "the maps next to it") -> tuple[Segment, ...]:
    """Segments of a clip of ``n_frames`` frames; none where there is no table.

    Args:
        path: the table.
        n_frames: length of the clip.
        of: what the segments are of, for messages.

    Raises:
        DatasetError: when the table is damaged or does not fit the clip.
    """
    if not path.is_file():
        return ()
    tokens: dict[str, list[Token]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                first, last = int(row["first_frame"]), int(row["last_frame"])
                if not 0 <= first <= last < n_frames:
                    raise ValueError(f"frames {first} to {last} of '{row['segment']}', where the maps have {n_frames}")
                start, end = (float(row.get(name) or "nan") for name in ("start_s", "end_s"))
                tokens.setdefault(row["segment"], []).append(Token(start, end, first, last + 1))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DatasetError(
            f"{path}: does not fit {of} ({error}).", "Make the maps again, with their segments."
        ) from None
    return tuple(Segment(name, tuple(found)) for name, found in tokens.items())


def file_names(path: Path) -> list[str]:
    """Names of the segments as they stand in file names; none where there is no table, or a damaged one."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names = [row.get("file_name") for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error):
        return []
    return [name for name in dict.fromkeys(names) if name]


def frames_of(segment: Segment) -> Int64:
    """Frames of all tokens of a segment, one after the other."""
    return np.concatenate([np.arange(token.first, token.stop) for token in segment.tokens]).astype(np.int64)


def _rows(segments: Sequence[Segment]) -> Iterator[list[Value]]:
    for segment in segments:
        row = 0
        for number, token in enumerate(segment.tokens):
            times = (f"{token.start:.4f}", f"{token.end:.4f}")
            yield [segment.name, segment.file_name, number, *times, token.first, token.stop - 1, row]
            row += len(token)
