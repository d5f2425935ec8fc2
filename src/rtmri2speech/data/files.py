"""Writing files so that nothing is ever half-written, and hashing them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from rtmri2speech.errors import UserError

# Bytes of a file's name; systems take 255, and a temporary name is longer.
_LONG_NAME = 230

# A folder may be shared by machines, whose processes have the same numbers. Without a machine: of older versions.
_HOST = hashlib.sha256(platform.node().encode(errors="backslashreplace")).hexdigest()[:8]
_TEMPORARY = re.compile(r"\..+\.([1-9][0-9]{0,9})(?:-([0-9a-f]{8}))?\.tmp", re.DOTALL)
# Seconds after which a file that another machine was writing is no longer written.
_ABANDONED = 7 * 24 * 3600.0
# When a folder is next looked through for leftovers, by the monotonic clock.
_next_look: dict[Path, float] = {}


@contextmanager
def replacing_name(path: Path) -> Iterator[Path]:
    """A temporary name for a file that takes its own only when it is complete; for libraries that want a path.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    temporary = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path.parent)
        yield temporary
        move_into_place(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_file(temporary)


def _temporary(path: Path) -> Path:
    name = path.name
    if len(os.fsencode(name)) > _LONG_NAME:
        name = f"{name[:40]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
    return path.with_name(f".{name}.{os.getpid()}-{_HOST}.tmp")


@contextmanager
def replacing(path: Path, mode: str = "wb", **options: Any) -> Iterator[Any]:
    """Open a file that takes its name only when it is complete.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    with replacing_name(path) as temporary, temporary.open(mode, **options) as file:
        yield file


def cannot_write(path: Path, error: OSError) -> UserError:
    """The user's message for a write that failed."""
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        remedy = "A file or folder of that name is in the way: choose another name."
    elif error.errno == errno.ENAMETOOLONG:
        remedy = "Choose a shorter name."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = "Close programs that use it, or choose a folder that you may write to; then run it again."
    else:
        remedy = "Free some space or choose another folder, then run the same command again."
    return UserError(f"{path}: cannot be written ({error.strerror or error}).", remedy)


def check_writable(path: Path) -> None:
    """Make sure that a file can be written there, without touching it; folders made for the test are removed again.

    Raises:
        UserError: when its name is a folder's, or its folder cannot be written.
    """
    if path.is_dir():
        raise cannot_write(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    probe = _temporary(path)
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_file(probe)
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


def move_into_place(temporary: Path, final: Path) -> None:
    """Give a finished file or folder its name.

    On Windows a virus scanner or an indexer may hold a fresh file for a moment, so that is waited for.
    """
    for pause in (0.05, 0.15, 0.3, 0.5, 1.0):
        try:
            os.replace(temporary, final)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(pause)
    os.replace(temporary, final)


def remove_file(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    with suppress(OSError):
        path.unlink()


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of runs that were killed.

    A folder of many files is not listed for each of them: listing takes a twentieth of the time at most.
    """
    begin = time.monotonic()
    if begin < _next_look.get(folder, 0.0):
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = _TEMPORARY.fullmatch(entry.name)
            if name is not None and _is_left(entry, int(name[1]), name[2]):
                remove_file(Path(entry.path))
    end = time.monotonic()
    _next_look[folder] = end + 20.0 * (end - begin)


def _is_left(entry: os.DirEntry[str], pid: int, host: str | None) -> bool:
    """Whether the process that wrote a temporary file is gone."""
    if host != _HOST:
        return time.time() - entry.stat().st_mtime > _ABANDONED
    if os.name == "nt":  # os.kill would end the process there, and a file that is open cannot be removed
        return time.time() - entry.stat().st_mtime > 60.0
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # it is another user's
        return False
    return False


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, as :func:`replacing_text` does."""
    with replacing_text(path) as file:
        file.write(text)


@contextmanager
def replacing_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, UTF-8 with ``\\n`` line ends, that takes its name only when it is complete.

    Letters that stand for undecodable bytes of file names become escapes, which JSON reads back as they were.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    with replacing(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        yield file


def read_object(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no such file, or it holds something else."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) else None


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents of files, one after the other, as hex."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """A temporary folder that becomes ``final`` when the block ends without an error.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    temporary = _temporary(final)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        if final.exists():
            shutil.rmtree(final)
        move_into_place(temporary, final)
    except OSError as error:
        raise cannot_write(final, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
