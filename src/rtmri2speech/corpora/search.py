"""Files looked for in folders: links followed, and what is passed over remembered."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtmri2speech.corpora.base import Remark
from rtmri2speech.data.dataset.layout import RECEIPTS
from rtmri2speech.data.dicom import DICOM_SUFFIXES, dicom_is_read
from rtmri2speech.data.endings import is_there, no_such_file
from rtmri2speech.errors import MediaError

# Made by file managers; nobody misses them.
_JUNK = {"thumbs.db", "desktop.ini", "icon\r"}
# Git's own, which with git-annex holds every recording once more.
_REPOSITORY = ".git"
_NAMED = 3


@dataclass
class Search:
    """What was found in a folder and its subfolders.

    Attributes:
        files: those of the endings that were asked for, sorted.
        others: all other files.
        hidden: files of these endings whose names start with a dot.
        again: links to folders that are read already, or that hold the folder itself.
        dangling: links to nothing, without one of these endings.
        datasets: folders of datasets, whose sounds are copies.
        unreadable: folders that cannot be listed.
    """

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    again: list[Path] = field(default_factory=list)
    dangling: list[Path] = field(default_factory=list)
    datasets: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


def files_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """Files of these endings in a folder and its subfolders, sorted; ``root`` itself where it is a file.

    Hidden files are skipped, and folders of datasets, whose sounds are copies.

    Raises:
        MediaError: when there is no such file or folder.
    """
    return search(root, suffixes).files


def search(root: Path, suffixes: Sequence[str]) -> Search:
    """As :func:`files_below`, with what was passed over.

    Linked folders are followed once the others are read, so that a folder that is there itself and as a link too
    goes by its own name; links that lead back are not followed. A link to a file that is missing counts as a file.

    Raises:
        MediaError: when there is no such file or folder.
    """
    if root.is_file():
        return Search([root])
    if not root.is_dir():
        if root.is_symlink():
            raise no_such_file(root)
        raise MediaError(f"{root}: no such file or folder.", "Check the spelling of the path.")
    found, real = Search(), root.resolve()
    seen, folders, links = {real}, [(root, real)], list[Path]()
    while folders or links:
        if folders:
            folder, place = folders.pop()
        else:
            folder = links.pop(0)
            place = folder.resolve()
            if place in seen or place in real.parents:
                found.again.append(folder)
                continue
            seen.add(place)
        for name in _look_at(folder, suffixes, found, links):
            if place / name in seen:
                found.again.append(folder / name)
            else:
                seen.add(place / name)
                folders.append((folder / name, place / name))
    found.files.sort()
    return found


def _look_at(folder: Path, suffixes: Sequence[str], found: Search, links: list[Path]) -> list[str]:
    """Sort the entries of one folder; the names of its own subfolders."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        found.unreadable.append(folder)
        return []
    if any(entry.name == RECEIPTS and entry.is_dir() for entry in entries):
        found.datasets.append(folder)
        return []
    inside = []
    for entry in entries:
        path = folder / entry.name
        wanted = path.suffix.lower() in suffixes
        if entry.is_dir():
            if entry.is_symlink():
                links.append(path)
            elif entry.name != _REPOSITORY:
                inside.append(entry.name)
        elif entry.name.startswith("."):
            if wanted and not entry.name.startswith("._"):  # macOS keeps resources there, named after the file
                found.hidden.append(path)
        elif not is_there(path):
            continue  # a socket or a device
        elif wanted:
            found.files.append(path)
        elif path.is_symlink() and not path.exists():
            found.dangling.append(path)
        elif entry.name.lower() not in _JUNK:
            found.others.append(path)
    return inside


def passed_over(root: Path, found: Search, used: Collection[Path]) -> list[Remark]:
    """What is to be said of the files and folders below ``root`` that were not used."""
    dangling = [path for path in found.dangling if path not in used]
    others = [path for path in found.others if path not in used]
    others, dicom = divided(others, lambda path: path.suffix.lower() in DICOM_SUFFIXES)
    endings = Counter(path.suffix.lower() or "without ending" for path in others)
    export = "Export scans as videos, or as DICOM files of many frames."
    if not dicom_is_read():
        export = "If they are scans of many frames: pip install 'rtmri2speech[dicom]'"
    said = [
        (_several(dicom, "DICOM file(s) passed over"), export),
        (f"{endings.total()} file(s) passed over: {_counted(endings)}", "Nothing to do if they are no recordings."),
        (_several(found.hidden, "hidden file(s) passed over"), "Rename them if they are recordings."),
        (_several(found.again, "link(s) passed over that lead to a folder that is read already"), "Nothing to do."),
        (_several(dangling, "link(s) passed over that lead to nothing"), "Mend or remove them."),
        (_several(found.datasets, "folder(s) of datasets passed over"), "Their recordings are prepared already."),
        (_several(found.unreadable, "folder(s) passed over that cannot be read"), "Change their access rights."),
    ]
    return [Remark(root, problem, remedy) for problem, remedy in said if problem and not problem.startswith("0 ")]


def divided(paths: Iterable[Path], apart: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Paths for which ``apart`` is false, and those for which it is true, both in order."""
    parts: tuple[list[Path], list[Path]] = [], []
    for path in paths:
        parts[apart(path)].append(path)
    return parts


def _counted(endings: Counter[str]) -> str:
    most = endings.most_common()
    rest = sum(count for _, count in most[_NAMED * 2 :])
    return ", ".join(
        [f"{count} {ending}" for ending, count in most[: _NAMED * 2]] + ([f"{rest} others"] if rest else [])
    )


def _several(paths: Sequence[Path], what: str) -> str:
    return f"{len(paths)} {what}: {some(paths)}" if paths else ""


def some(paths: Iterable[Path]) -> str:
    """The first few names."""
    names = [path.name for path in paths]
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
