"""Export to ONNX and inference by ONNX Runtime (Microsoft, MIT)."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rtmri2speech.arrays import Float32

# Lengths that the varying dimension may have; the exporter takes 0 and 1 for constants.
_SHORTEST, _LONGEST = 2, 1 << 16


def _runtime() -> Any:
    import onnxruntime

    return onnxruntime


def version() -> str:
    """Of the library and of the exporter."""
    import onnxscript

    return f"{_runtime().__version__} {onnxscript.__version__}"


def export(network: nn.Module, example: Tensor, varying: int) -> bytes:
    """A network as a file of ONNX; arguments as of OpenVINO's :func:`~.openvino_engine.export`."""
    length = torch.export.Dim("length", min=_SHORTEST, max=_LONGEST)
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad(), open(os.devnull, "w", encoding="utf-8") as nowhere:
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(nowhere):
                made = torch.onnx.export(network, (example,), dynamic_shapes=({varying: length},), dynamo=True)
    finally:
        quiet.setLevel(level)
    assert made is not None
    exported: bytes = made.model_proto.SerializeToString()
    return exported


def load(exported: bytes, threads: int, dtype: torch.dtype) -> Callable[[Float32], Float32]:
    """A function of the network, which several threads may call at once.

    Args:
        exported: from :func:`export`.
        threads: that it may use for one call.
        dtype: float32; it knows no other.
    """
    assert dtype == torch.float32
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Idle threads would keep the cores from PyTorch's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = runtime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(given: Float32) -> Float32:
        made: Float32 = session.run(None, {name: given})[0]
        return made

    return run
