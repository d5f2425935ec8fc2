"""Writing files so that nothing is ever half-written, and hashing them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rtmri2speech.errors import UserError


@contextmanager
def replacing(path: Path, mode: str = "wb", **options: Any) -> Iterator[Any]:
    """Open a file that takes its name only when it is complete.

    Raises:
        UserError: when the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open(mode, **options) as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_file(temporary)


def cannot_write(path: Path, error: OSError) -> UserError:
    """The user's message for a write that failed."""
    return UserError(
        f"{path}: cannot be written ({error.strerror or error}).",
        "Free some space or choose another folder, then run the same command again.",
    )


def remove_file(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    with suppress(OSError):
        path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, UTF-8 with ``\\n`` line ends."""
    with replacing(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


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
    temporary = final.with_name(f".{final.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        if final.exists():
            shutil.rmtree(final)
        os.replace(temporary, final)
    except OSError as error:
        raise cannot_write(final, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
