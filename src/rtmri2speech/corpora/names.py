"""Recordings known by the names of their files: ids, speakers, files that belong together."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.corpora.base import AnyRecording
from rtmri2speech.data.annotation.interval_table import TABLE_SUFFIXES
from rtmri2speech.data.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES, name_key, printable
from rtmri2speech.data.media.textgrid import holds_intervals
from rtmri2speech.errors import ConfigError, UserError

# Bytes: files and folders of a dataset are called by a recording's name and a little more, and systems take 255.
_LONGEST = 200
# Names of devices on Windows, whatever the ending.
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


def safe_name(name: str) -> str:
    """A name usable as a folder on every system; letters of any script stay, bytes that are none become numbers."""
    cleaned = re.sub(r'[<>:"/\\|?*\x00-\x1f\s]+', "_", printable(name)).strip(". ")
    if len(cleaned.encode()) > _LONGEST:
        cleaned = f"{_cut(cleaned, _LONGEST - 20)}-{hashlib.sha256(cleaned.encode()).hexdigest()[:8]}"
    if cleaned.upper().split(".")[0] in _RESERVED:
        cleaned = f"_{cleaned}"
    return cleaned or "recording" + os.fsencode(name).hex()


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore").rstrip(". ")


def name_and_speaker(file: Path, root: Path, roots: Sequence[Path], speaker: str) -> tuple[str, str]:
    """Id of a file's recording, and its speaker.

    The speaker is the first folder below ``root``, the folder in which the file was found; or that folder itself
    where it is one of several ``roots``, because they are speakers like subfolders of one; or else ``speaker``.
    """
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    parts = relative.with_suffix("").parts
    if len(parts) > 1:
        speaker = printable(parts[0])
    elif root.is_dir() and len(roots) > 1:
        speaker = printable(root.name)
    return safe_name("_".join(parts)), speaker


class Folders:
    """Names of files by folder, each folder listed once."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, list[Path]]] = {}
        self._unpaired: dict[Path, list[Path]] = {}

    def alike(self, stem: Path, suffixes: Sequence[str]) -> list[Path]:
        """Files of the name ``stem`` with one of these endings; letter case and Unicode form do not count.

        Names that are the same letter by letter come first, then the order of the endings counts.
        """
        ranks = {suffix.lower(): rank for rank, suffix in enumerate(suffixes)}
        found = [path for path in self.files(stem.parent).get(name_key(stem.name), []) if _ending(path) in ranks]
        return sorted(found, key=lambda path: (path.stem != stem.name, ranks[_ending(path)], path.name))

    def first(self, stem: Path, suffixes: Sequence[str]) -> Path | None:
        """The first of them, or None."""
        return next(iter(self.alike(stem, suffixes)), None)

    def annotation(self, stem: Path) -> Path | None:
        """The annotation of the name ``stem``: a TextGrid, or else a table whose header is that of intervals."""
        grid = self.first(stem, (".TextGrid",))
        if grid is not None:
            return grid
        table = self.first(stem, TABLE_SUFFIXES)
        return table if table is not None and holds_intervals(table) else None

    def has_video(self, stem: Path) -> bool:
        """Whether there is a video of the name ``stem``."""
        return any(_ending(path) in VIDEO_SUFFIXES for path in self.files(stem.parent).get(name_key(stem.name), []))

    def unpaired_sounds(self, folder: Path) -> list[Path]:
        """Sound files of a folder that have no video of their name there."""
        if folder not in self._unpaired:
            found = (path for paths in self.files(folder).values() for path in paths if _ending(path) in SOUND_SUFFIXES)
            self._unpaired[folder] = sorted(path for path in found if not self.has_video(path.with_suffix("")))
        return self._unpaired[folder]

    def files(self, folder: Path) -> dict[str, list[Path]]:
        """Files of a folder by name without ending (:func:`name_key`), those of dangling links too."""
        if folder not in self._listed:
            found: dict[str, list[Path]] = {}
            try:
                with os.scandir(folder) as entries:
                    names = sorted(
                        entry.name for entry in entries if not entry.name.startswith(".") and _is_file(entry)
                    )
            except OSError:
                names = []
            for name in names:
                found.setdefault(name_key(Path(name).stem), []).append(folder / name)
            self._listed[folder] = found
        return self._listed[folder]


def _ending(path: Path) -> str:
    return path.suffix.lower()


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to nothing: that is said when it is read."""
    return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))


def next_to(stem: Path, suffixes: Sequence[str]) -> Path | None:
    """The first file of the name ``stem`` with one of these endings, whatever its letter case and Unicode form."""
    return Folders().first(stem, suffixes)


def annotation_next_to(stem: Path) -> Path | None:
    """The annotation of the name ``stem``: a TextGrid, or else a table whose header is that of intervals."""
    return Folders().annotation(stem)


def refuse_same_names(recordings: Sequence[Path]) -> None:
    """Make sure that results in one folder, named after their recordings, have names of their own.

    Raises:
        ConfigError: when two recordings have the same name.
    """
    for name, times in Counter(name_key(path.stem) for path in recordings).most_common(1):
        if times > 1:
            raise ConfigError(
                f"{times} recordings are called '{name}': their results would overwrite each other.",
                "Rename one of them, or use another `out` for each.",
            )


def refuse_duplicates(recordings: Sequence[AnyRecording]) -> None:
    """Make sure that every recording has an id of its own.

    Raises:
        UserError: when two have the same, naming their files.
    """
    seen: dict[str, Path] = {}
    for recording in recordings:
        # Folders of datasets must be distinct on Windows and macOS too, where case and Unicode form do not count.
        key = name_key(recording.id)
        if key in seen:
            raise UserError(
                f"{seen[key]} and {recording.file} would both be called '{recording.id}'.",
                "Rename one of them, or put speakers in folders of their own.",
            )
        seen[key] = recording.file
