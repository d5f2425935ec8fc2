"""What computes a network: PyTorch, or on a CPU a library that is faster, chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal, get_args

import torch

from rtmri2speech.errors import UserError

Backend = Literal["auto", "torch", "openvino", "onnx"]
"""What computes networks where no gradients are needed; see :func:`choose_backend`."""

Engine = Literal["openvino", "onnx"]
"""A library that runs exported networks."""

Chosen = Literal["torch", "openvino", "onnx"]
"""A backend that has been chosen."""

INSTALL: Final = {
    "openvino": "Install it: pip install 'rtmri2speech[fast]'",
    "onnx": "Install it: pip install onnxruntime onnxscript platformdirs",
}
"""How an engine is installed."""

# What an engine imports.
_MODULES: Final = {"openvino": ("openvino", "platformdirs"), "onnx": ("onnxruntime", "onnxscript", "platformdirs")}


@dataclass(frozen=True)
class Wanted:
    """How networks are to be run.

    Attributes:
        backend: chosen.
        dtype: precision of arithmetic outside PyTorch.
        asked: whether the user has named the backend, so that small networks are exported, too.
    """

    backend: Chosen = "torch"
    dtype: torch.dtype = torch.float32
    asked: bool = False

    @property
    def name(self) -> str:
        """What was, or might have been, asked for: ``auto`` unless the user has named the backend."""
        return self.backend if self.asked or self.backend == "torch" else "auto"


IN_TORCH: Final = Wanted()
"""PyTorch runs everything."""


def choose_backend(name: str, device: torch.device, dtype: torch.dtype = torch.float32) -> Wanted:
    """How the backend called ``auto``, ``torch``, ``openvino`` or ``onnx`` runs networks.

    ``auto`` is OpenVINO on a CPU, where it is installed and the processor has instructions for the precision. It is
    never less precise than was asked for: in bfloat16 medians of formants move by several percent
    (``benchmarks/backends.py figures``).

    Args:
        name: of the backend.
        device: where networks run.
        dtype: their precision.

    Raises:
        UserError: for another name, a backend that is not installed, does not run on the device, or not in the
            precision.
    """
    if name not in get_args(Backend):
        raise UserError(f"`backend={name}`: unknown backend.", "Choose auto, torch, openvino or onnx.")
    if name == "torch":
        return IN_TORCH
    if name == "auto":
        usable = device.type == "cpu" and installed("openvino") and (dtype == torch.float32 or has_bfloat16())
        return Wanted("openvino", dtype) if usable else IN_TORCH
    engine: Engine = "openvino" if name == "openvino" else "onnx"
    if device.type != "cpu":
        raise UserError(f"`backend={name}`: runs on the CPU alone.", "Use `device=cpu`, or leave out `backend`.")
    if not installed(engine):
        raise UserError(f"`backend={name}`: is not installed.", INSTALL[engine])
    if dtype != torch.float32 and (engine == "onnx" or not has_bfloat16()):
        what = "computes in float32 alone" if engine == "onnx" else "this processor has no bfloat16 instructions"
        raise UserError(f"`backend={name}`: {what}.", "Use `dtype=float32`, or `backend=torch`.")
    return Wanted(engine, dtype, asked=True)


def in_words(wanted: Wanted) -> str:
    """The name of a backend and its precision."""
    if wanted.backend == "torch":
        return "torch"
    return f"{wanted.backend}, {str(wanted.dtype).removeprefix('torch.')}"


def installed(engine: Engine) -> bool:
    """Whether what an engine imports is there; nothing is imported."""
    return all(find_spec(module) is not None for module in _MODULES[engine])


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in its own instructions."""
    from rtmri2speech.models.exported.openvino_engine import computes_bfloat16

    return computes_bfloat16()
