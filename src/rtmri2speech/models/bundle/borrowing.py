"""A stage that a shipped model has in common with another one: its weights are in the program once.

A file that borrows names the shipped model and the hash of the weights that it expects there. It is read like any other
model, and what is saved from it holds all weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from rtmri2speech.assets import pretrained
from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.container import read_container
from rtmri2speech.models.bundle.weights import hash_tensors

BORROWED = "borrowed"
"""Field of the header: by stage, the lender's name and the hash of its weights."""


def leave_with(lenders: Mapping[str, str], tensors: Mapping[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What the header says of stages that are left with shipped models, and the tensors that remain.

    Args:
        lenders: name of a shipped model by stage.
        tensors: of the whole bundle.

    Raises:
        BundleError: when a lender is missing, or its weights are others.
    """
    said = {}
    for stage, lender in lenders.items():
        own = hash_tensors(_of_stage(tensors, stage))
        said[stage] = {"model": lender, "weights": own}
        _lent(stage, lender, own, f"the {stage}")
    kept = {name: value for name, value in tensors.items() if not name.startswith(tuple(f"{s}." for s in lenders))}
    return said, kept


def borrowed(header: Mapping[str, Any], source: Path) -> dict[str, Tensor]:
    """Tensors that a file has from shipped models, by their names in the bundle; none if its header names none.

    Raises:
        BundleError: when a lender is missing, or its weights are not those that the file was made with.
        KeyError, TypeError: when the header does not say which.
    """
    entries, found = header.get(BORROWED, {}), dict[str, Tensor]()
    if not isinstance(entries, dict):
        raise TypeError(f"'{BORROWED}'")
    for stage, said in entries.items():
        found |= _lent(stage, said["model"], said["weights"], f"{source}: its {stage}")
    return found


def _lent(stage: str, lender: str, weights: str, what: str) -> dict[str, Tensor]:
    path = pretrained().get(lender)
    if path is None:
        raise BundleError(
            f"{what} is that of the model {lender}, which comes with the program, and its file is missing.",
            "Install the whole project again.",
        )
    tensors = _of_stage(read_container(path)[1], stage)
    if hash_tensors(tensors) != weights:
        raise BundleError(
            f"{what} is that of another version of the model {lender} than the one that is installed.",
            "Use both as they come with one version of the program.",
        )
    return tensors


def _of_stage(tensors: Mapping[str, Tensor], stage: str) -> dict[str, Tensor]:
    return {name: value for name, value in tensors.items() if name.startswith(f"{stage}.")}
