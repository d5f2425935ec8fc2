"""Recordings known by the names of their files: ids, speakers, files that belong together."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.corpora.base import AnyRecording
from rtmri2speech.data.annotation.interval_table import TABLE_SUFFIXES
from rtmri2speech.data.dataset.layout import RECEIPTS
from rtmri2speech.data.media.textgrid import holds_intervals
from rtmri2speech.errors import MediaError, UserError

# Names of devices on Windows, whatever the ending.
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


def safe_name(name: str) -> str:
    """A name usable as a folder on every system; letters of any script stay."""
    cleaned = re.sub(r'[<>:"/\\|?*\x00-\x1f\s]+', "_", name).strip(". ")
    if cleaned.upper().split(".")[0] in _RESERVED:
        cleaned = f"_{cleaned}"
    return cleaned or "recording" + os.fsencode(name).hex()


def name_and_speaker(file: Path, root: Path, roots: Sequence[Path], speaker: str) -> tuple[str, str]:
    """Id of a file's recording, and its speaker.

    The speaker is the first folder below ``root``, the folder in which the file was found; or that folder itself
    where it is one of several ``roots``, because they are speakers like subfolders of one; or else ``speaker``.
    """
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    parts = relative.with_suffix("").parts
    if len(parts) > 1:
        speaker = parts[0]
    elif root.is_dir() and len(roots) > 1:
        speaker = root.name
    return safe_name("_".join(parts)), speaker


def files_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """Files of these endings in a folder and its subfolders, sorted; ``root`` itself where it is a file.

    Hidden files are skipped, and folders of datasets, whose sounds are copies.

    Raises:
        MediaError: when there is no such file or folder.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise MediaError(f"{root}: no such file or folder.", "Check the spelling of the path.")
    found: list[Path] = []
    for folder, subfolders, names in os.walk(root):
        if RECEIPTS in subfolders:
            subfolders.clear()
            continue
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.suffix.lower() in suffixes and path.is_file()]
    return sorted(found)


def next_to(stem: Path, suffixes: Sequence[str]) -> Path | None:
    """The first file of the name ``stem`` with one of these endings, in capitals or not."""
    for suffix in suffixes:
        for spelling in (suffix, suffix.lower(), suffix.upper()):
            path = stem.with_name(stem.name + spelling)
            if path.is_file():
                return path
    return None


def annotation_next_to(stem: Path) -> Path | None:
    """The annotation of the name ``stem``: a TextGrid, or else a table whose header is that of intervals."""
    grid = next_to(stem, (".TextGrid",))
    if grid is not None:
        return grid
    table = next_to(stem, TABLE_SUFFIXES)
    return table if table is not None and holds_intervals(table) else None


def refuse_duplicates(recordings: Sequence[AnyRecording]) -> None:
    """Make sure that every recording has an id of its own.

    Raises:
        UserError: when two have the same, naming their files.
    """
    seen: dict[str, Path] = {}
    for recording in recordings:
        # Folders of datasets must be distinct on Windows and macOS too, where case does not count.
        key = recording.id.casefold()
        if key in seen:
            raise UserError(
                f"{seen[key]} and {recording.file} would both be called '{recording.id}'.",
                "Rename one of them, or put speakers in folders of their own.",
            )
        seen[key] = recording.file
