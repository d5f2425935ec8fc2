"""What a result was made with: the model and the regions, told so that another file can be compared with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtmri2speech import __version__
from rtmri2speech.analysis.regions.masks import TEMPLATE, Regions
from rtmri2speech.data.files import hash_files, write_text
from rtmri2speech.models.bundle.model_file import Bundle

MODEL_HASH = "model_sha256"
"""Name of the entry that tells models apart, whatever their files are called."""


def origin_of_model(path: Path, bundle: Bundle) -> dict[str, Any]:
    """A model's file, the hash of its content, and what its bundle tells of its training."""
    return {
        "model": str(path),
        MODEL_HASH: hash_files([path]),
        "model_kind": bundle.kind,
        "provenance": bundle.provenance,
    }


def origin_of_regions(name: str, regions: Regions) -> dict[str, Any]:
    """What ``--regions`` was, the hash of the file (None for the template), and which regions were used.

    Its ``regions_of`` is what :func:`rtmri2speech.analysis.regions.masks.read_regions` takes.
    """
    return {
        "regions_of": name,
        "regions_sha256": None if name == TEMPLATE else hash_files([Path(name)]),
        "regions_moving": regions.moving,
        "regions": [{"name": one} for one in regions.names],
    }


def write_about(path: Path, schema: int, about: Mapping[str, Any]) -> Path:
    """Write a description of results that lie beside it, as JSON.

    Args:
        path: file to write.
        schema: number of its form, raised when entries change their meaning.
        about: the entries; the program and its version are put before them.

    Raises:
        UserError: when it cannot be written.
    """
    text = {"schema": schema, "program": f"rtmri2speech {__version__}", **about}
    write_text(path, json.dumps(text, ensure_ascii=False, indent=1) + "\n")
    return path


def same_model(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two descriptions may be of one model: not when both name a hash and the hashes differ."""
    hashes = one.get(MODEL_HASH), other.get(MODEL_HASH)
    return None in hashes or hashes[0] == hashes[1]
