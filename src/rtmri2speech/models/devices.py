"""Where a model runs and in what precision, chosen by name."""

from __future__ import annotations

from typing import Literal

import torch

from rtmri2speech.errors import UserError

Device = Literal["auto", "cpu", "cuda"]
DType = Literal["float32", "bfloat16", "fp32", "bf16"]

LONG_NAMES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
"""PyTorch's names of precisions by those that recipes use."""


def choose_device(name: str) -> torch.device:
    """The device called ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.

    Raises:
        UserError: for another name, or when a GPU is asked for that is not there.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise UserError(f"`device={name}`: unknown device.", "Choose auto, cpu or cuda.")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UserError("No CUDA device was found.", "Check the driver with nvidia-smi, or use `device=cpu`.")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def choose_dtype(name: str) -> torch.dtype:
    """The dtype called ``float32`` or ``bfloat16``; in the words of recipes ``fp32`` or ``bf16``.

    Raises:
        UserError: for another name.
    """
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    spelled = LONG_NAMES.get(name, name)
    if spelled not in known:
        raise UserError(f"`dtype={name}`: unknown precision.", f"Choose {' or '.join(known)}.")
    return known[spelled]
