"""The plan that an unfinished simulation keeps in its folder, so that a later run goes on with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rtmri2speech.data.files import read_object
from rtmri2speech.errors import DatasetError


def read_plan(path: Path) -> dict[str, Any] | None:
    """The plan that an earlier run has left; None where the folder is new or empty.

    Args:
        path: of the plan, in the folder that is written to.

    Raises:
        DatasetError: when the folder is a file or holds other files, or the plan is damaged.
    """
    folder = path.parent
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, not a folder.", "Choose another `out`.")
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise DatasetError(f"{folder}: holds other files.", "Choose an empty `out`.")
        return None
    plan = read_object(path)
    if plan is None:
        raise damaged(path)
    return plan


def damaged(path: Path) -> DatasetError:
    """What is said of a plan that cannot be used."""
    return DatasetError(f"{path}: damaged.", "Choose another `out`, or delete the folder.")
