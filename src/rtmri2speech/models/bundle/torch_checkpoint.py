"""Weights in a PyTorch file, read so that no code in it is run."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.strict_loading import list_names

# Names under which training scripts keep the weights, next to optimizer and epoch; moving averages first, as timm does.
_WRAPPERS = ("state_dict_ema", "model_ema", "model_state_dict", "state_dict", "model", "generator", "net", "weights")
# How deep they lie in such dictionaries; a file can be made in which there is no end.
_DEPTH = 8
# What PyTorch puts before every name of a model that it has wrapped.
_WRAPPED = re.compile(r"^(module\.|_orig_mod\.)+")
_RESAVE = "Re-save only the weights where it was trained: torch.save(model.state_dict(), 'weights.pt')"


def read_state(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a PyTorch file, bare or inside the dictionary that a training script saves.

    Raises:
        BundleError: when the file is missing, damaged, or holds other things than tensors.
    """
    _refuse_own(path)
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error}).", "Check the path.") from None
    except pickle.UnpicklingError as error:
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        if foreign:
            raise BundleError(
                f"{path}: holds objects besides tensors ({foreign[1]}); reading them could run foreign code.", _RESAVE
            ) from None
        raise BundleError(f"{path}: not a PyTorch checkpoint, or damaged.", _RESAVE) from None
    except Exception as error:  # the reader raises many kinds on damaged input
        first = (str(error).splitlines() or [type(error).__name__])[0]
        why = "" if isinstance(error, LookupError) else f" ({first})"  # an instruction that pickle does not know
        raise BundleError(f"{path}: not a PyTorch checkpoint, or damaged{why}.", _RESAVE) from None
    for _ in range(_DEPTH):
        inside = (
            [state[key] for key in _WRAPPERS if isinstance(state.get(key), dict)] if isinstance(state, dict) else []
        )
        if not inside:
            break
        state = inside[0]
    else:
        raise BundleError(f"{path}: dictionaries within dictionaries without end, not a checkpoint.", _RESAVE)
    if isinstance(state, dict) and {"mpd", "msd"} & state.keys():
        raise BundleError(
            f"{path}: holds the discriminators of a HiFi-GAN training, which make no sound.",
            f"Give the generator of that step: {path.with_name('g_' + path.name.removeprefix('do_'))}",
        )
    if not isinstance(state, dict) or not state:
        raise BundleError(f"{path}: holds no weights by name.", _RESAVE)
    others = [str(name) for name, value in state.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if others:
        raise BundleError(f"{path}: holds other things than tensors: {list_names(others)}.", _RESAVE)
    return state


def is_torch_file(start: bytes) -> bool:
    """Whether the first bytes of a file are PyTorch's: a ZIP archive, or the pickle that was written before 2020."""
    return start.startswith((b"PK\x03\x04", b"\x80"))


def _refuse_own(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError:
        return  # for the reader to name
    if len(start) == 9 and start[8:] == b"{" and not is_torch_file(start):
        raise BundleError(
            f"{path}: a .safetensors file, whatever its name says, and not PyTorch's.",
            "A model of this program needs no import: give it to the command that uses it (inspect shows what it is).",
        )


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a file of pretrained weights: safetensors, by its ending, or PyTorch's.

    The library that the weights are from reads them itself, but older versions of it run code that is in the file.

    Raises:
        BundleError: when the file is missing, damaged, or holds other things than tensors.
    """
    if path.suffix.lower() == ".safetensors":
        try:
            state: dict[str, Tensor] = safetensors.torch.load(path.read_bytes())
        except OSError as error:
            raise BundleError(f"{path}: cannot be read ({error.strerror or error}).", "Check the path.") from None
        except Exception as error:  # the reader raises many kinds on damaged input
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BundleError(f"{path}: damaged ({first}).", "Copy or download the file again.") from None
    else:
        state = read_state(path)
    if not state:
        raise BundleError(f"{path}: holds no weights by name.", _RESAVE)
    return {_WRAPPED.sub("", name): value for name, value in state.items()}
