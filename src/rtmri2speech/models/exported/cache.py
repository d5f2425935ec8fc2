"""Exported networks in the user's cache folder: one file each, named by what it depends on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from rtmri2speech.data.files import remove_file, replacing
from rtmri2speech.errors import UserError

FOLDER_VARIABLE: Final = "RTMRI_CACHE"
"""Environment variable that names another folder."""

# Of a training run whose checkpoints are all tried, not every one is kept.
_MOST: Final = 12
_SUFFIX: Final = ".network"
_DIGEST: Final = 32


def folder() -> Path:
    """Where exported networks are kept."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("rtmri2speech", appauthor=False) / "networks"


def key_of(network: nn.Module, about: Mapping[str, object]) -> str:
    """Hash of a network's weights and shapes, and of anything else that its export depends on.

    Args:
        network: any.
        about: names and values, such as versions.
    """
    digest = sha256(repr(sorted(about.items())).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()[:32]


def candidates(name: str, key: str, make: Callable[[], bytes]) -> Iterator[bytes]:
    """What was kept under a key, if anything was; then what ``make`` makes, which is kept in its place.

    Who asks for another one says by this that the last was of no use: of the last of all, nothing is kept. A file that
    is damaged is made again. Where nothing can be written, nothing is kept.

    Args:
        name: of the network, for the file's name.
        key: from :func:`key_of`.
        make: makes it.
    """
    path = folder() / f"{name}-{key}{_SUFFIX}"
    if (found := _read(path, key)) is not None:
        with suppress(OSError):
            os.utime(path)  # the latest in use are kept
        yield found
    made = make()
    with suppress(UserError):
        with replacing(path) as file:
            file.write(_digest(key, made))
            file.write(made)
        _remove_oldest(path.parent)
    yield made
    remove_file(path)


def _read(path: Path, key: str) -> bytes | None:
    """A file's content; None where it is missing, damaged, or another network's."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    stored, found = content[:_DIGEST], content[_DIGEST:]
    return found if _digest(key, found) == stored else None


def _digest(key: str, content: bytes) -> bytes:
    digest = sha256(key.encode())
    digest.update(content)
    return digest.digest()


def _remove_oldest(place: Path) -> None:
    ages = []
    for path in place.glob(f"*{_SUFFIX}"):
        with suppress(OSError):
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages)[:-_MOST]:
        remove_file(path)


def _bytes(tensor: Tensor) -> bytes:
    flat = tensor.detach().contiguous().flatten()
    return flat.view(torch.uint8).numpy().tobytes()
