"""Export to and inference by OpenVINO (Intel, Apache 2.0; wheels for Linux, Windows and macOS)."""

from __future__ import annotations

import sys
import warnings
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import Float32

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=1)
def _openvino() -> Any:
    # OpenVINO reports its import and every conversion to its makers by way of this package, unless it cannot be
    # imported. Whoever works on recordings of people has not been asked for that.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


@lru_cache(maxsize=1)
def _core() -> Any:
    return _openvino().Core()


def version() -> str:
    """Of the library; what another one has exported is exported again."""
    return str(_openvino().get_version()).split("-")[0]


@lru_cache(maxsize=1)
def computes_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def export(network: nn.Module, example: Tensor, varying: int) -> bytes:
    """A network as OpenVINO keeps it: the length of its description, the description (XML), and its weights.

    Args:
        network: in eval mode, float32, of one input and one output.
        example: an input.
        varying: the input's dimension that may have any length.
    """
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # on tracing, which OpenVINO does by PyTorch's older means
        model = _openvino().convert_model(network, example_input=example)
    model.reshape([-1 if axis == varying else length for axis, length in enumerate(example.shape)])
    with TemporaryDirectory() as folder:
        description, weights = Path(folder, "network.xml"), Path(folder, "network.bin")
        _openvino().serialize(model, description, weights)
        text = description.read_bytes()
        return len(text).to_bytes(8, "little") + text + weights.read_bytes()


def load(exported: bytes, threads: int, dtype: torch.dtype) -> Callable[[Float32], Float32]:
    """A function of the network, which several threads may call at once.

    Args:
        exported: from :func:`export`.
        threads: that it may use for one call.
        dtype: float32 or bfloat16: precision of its arithmetic.
    """
    openvino = _openvino()
    size = int.from_bytes(exported[:8], "little")
    weights = np.frombuffer(exported, np.uint8, offset=8 + size)
    model = _core().read_model(exported[8 : 8 + size], openvino.Tensor(weights))
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        # Worker processes of one thread would all be bound to the first core.
        "ENABLE_CPU_PINNING": False,
    }
    compiled = _core().compile_model(model, "CPU", settings)
    own = local()

    def run(given: Float32) -> Float32:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        made = own.request.infer([np.ascontiguousarray(given)], share_inputs=True)
        return np.array(made[0], np.float32)

    return run
