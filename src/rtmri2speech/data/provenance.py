"""JSON files that say what they are and what they were made with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import write_text
from rtmri2speech.version import __version__

MODEL_HASH = "model_sha256"
"""Name of the entry that identifies a model, whatever its file is called."""


def write_about(path: Path, kind: str, schema: int, about: Mapping[str, Any]) -> Path:
    """Write a JSON object that says what it is.

    Args:
        path: file to write.
        kind: what the file holds, one word for each kind of file: ``maps``, ``evaluation``, ...
        schema: number of its form, raised when entries change their meaning.
        about: the entries; kind, schema, the program and its version are put before them.

    Raises:
        UserError: when it cannot be written.
    """
    text = {"kind": kind, "schema": schema, "program": f"rtmri2speech {__version__}", **about}
    write_text(path, json.dumps(text, ensure_ascii=False, indent=1) + "\n")
    return path


def same_model(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two descriptions may be of one model: not when both name a hash and the hashes differ."""
    hashes = one.get(MODEL_HASH), other.get(MODEL_HASH)
    return None in hashes or hashes[0] == hashes[1]
