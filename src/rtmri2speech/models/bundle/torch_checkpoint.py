"""Weights in a PyTorch file, read so that no code in it is run."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.strict_loading import list_names

# Names under which training scripts keep the weights, next to optimizer and epoch.
_WRAPPERS = ("model_state_dict", "state_dict", "model", "generator", "net", "weights")
_RESAVE = "Re-save only the weights where it was trained: torch.save(model.state_dict(), 'weights.pt')"


def read_state(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a PyTorch file, bare or inside the dictionary that a training script saves.

    Raises:
        BundleError: when the file is missing, damaged, or holds other things than tensors.
    """
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
        raise BundleError(f"{path}: not a PyTorch checkpoint, or damaged ({first}).", _RESAVE) from None
    while isinstance(state, dict):
        inside = [state[key] for key in _WRAPPERS if isinstance(state.get(key), dict)]
        if not inside:
            break
        state = inside[0]
    if not isinstance(state, dict) or not state:
        raise BundleError(f"{path}: holds no weights by name.", _RESAVE)
    others = [str(name) for name, value in state.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if others:
        raise BundleError(f"{path}: holds other things than tensors: {list_names(others)}.", _RESAVE)
    return state
