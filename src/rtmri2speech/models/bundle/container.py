"""The file behind a bundle: .safetensors with one JSON header and a digest over header and tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from rtmri2speech.data.files import replacing
from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.torch_checkpoint import is_torch_file

SCHEMA = 1
"""Version of the file's layout."""

_METADATA_KEY = "rtmri2speech"
_IMPORT = (
    "Bring it in first: rtmri2speech import acoustic FILE --scaler scaler.json --out OUT.safetensors (frames to mel), "
    "or rtmri2speech import hifigan FILE --out OUT.safetensors (a vocoder)."
)
_AGAIN = "Copy or download the file again, or save it anew from the training run."


def write_container(path: Path, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write header and tensors to ``path``; the old file stays until the new one is complete.

    Args:
        path: file to write; its folder is made if need be.
        header: whatever JSON can hold; anything else is written as its text.
        tensors: any device and memory layout.

    Raises:
        UserError: when the file cannot be written (no space, no permission).
    """
    # Own copies, row by row: the format knows no strides and refuses shared memory.
    plain = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    values = json.loads(json.dumps({"schema": SCHEMA, **header}, default=str))
    text = _canonical({**values, "digest": _digest(values, plain)})
    content = safetensors.torch.save(plain, metadata={_METADATA_KEY: text})
    with replacing(path) as file:
        file.write(content)


def read_container(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read header (without schema and digest) and tensors (on the CPU, not mapped to the file).

    Raises:
        BundleError: when the file is missing, foreign, of another schema, cut short or changed.
    """
    if path.is_dir():
        raise BundleError(f"{path}: is a folder, not a model file.", "Name a .safetensors file.")
    if not path.is_file():
        raise BundleError(f"{path}: no such file.", "Check the path of the model file.")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_METADATA_KEY)
            # Clones: a mapped file could not be replaced on Windows while the model lives.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error}).", "Check its permissions.") from None
    except Exception as error:  # the reader raises many kinds on damaged input, none of them documented
        raise BundleError(f"{path}: {_damage(path, error)}", _IMPORT if _is_foreign(path) else _AGAIN) from None
    if text is None:
        raise BundleError(
            f"{path}: a .safetensors file, but not a model of this program.",
            "Bring foreign checkpoints in with: rtmri2speech import",
        )
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise BundleError(f"{path}: its description was changed; it is no longer JSON.", _AGAIN)
    _check_schema(path, header.pop("schema", None), header, tensors)
    return header, tensors


def _check_schema(path: Path, schema: Any, header: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    if isinstance(schema, int) and not isinstance(schema, bool) and schema > SCHEMA:
        raise BundleError(
            f"{path}: made by a newer version of this program (file schema {schema}, known up to {SCHEMA}).",
            "Update: pip install --upgrade rtmri2speech",
        )
    if schema != SCHEMA or isinstance(schema, bool):
        raise BundleError(f"{path}: unknown file schema {schema!r}.", _AGAIN)
    if header.pop("digest", None) != _digest({"schema": schema, **header}, tensors):
        raise BundleError(f"{path}: changed after it was saved; its digest does not fit.", _AGAIN)


def _is_foreign(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(9)
    return start[8:] != b"{" and is_torch_file(start)


def _damage(path: Path, error: Exception) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        announced, brace = int.from_bytes(file.read(8), "little"), file.read(1)
    if _is_foreign(path):
        return "a PyTorch checkpoint, not a model file of this program."
    if size < 9 or (brace == b"{" and announced + 8 > size) or "incomplete" in str(error).lower():
        return f"cut short ({size} bytes), or damaged."
    if brace != b"{":
        return "not a .safetensors file."
    return "damaged; its table of contents cannot be read."


def _canonical(values: Any) -> str:
    # One spelling for equal contents. Python writes floats so that they are read back exactly.
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _digest(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    total = hashlib.sha256(_canonical(header).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        if tensor.numel():
            total.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()
