"""A network exported, kept, loaded, and compared with PyTorch before it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import Float32
from rtmri2speech.models.exported.backends import Engine, Wanted
from rtmri2speech.models.exported.cache import candidates, key_of
from rtmri2speech.version import __version__

TOLERANCE: Final = {torch.float32: 1e-3, torch.bfloat16: 5e-2}
"""Root mean square of the difference from PyTorch's float32, as a share of the output's standard deviation, that is
allowed."""

LEAST_WEIGHTS: Final = 1_000_000
"""A smaller network stays with PyTorch where the backend is ``auto``: exporting and loading it takes longer than it
would save in minutes of video."""

Run = Callable[[Float32], Float32]
"""A network's output of its input; may be called by several threads at once."""


@dataclass(frozen=True)
class Part:
    """A network to export.

    Attributes:
        name: of what it does, for messages and the file in the cache.
        network: in eval mode, float32, on the CPU; of one input and one output.
        example: a fixed input, on which the export is compared with ``network``.
        varying: the input's dimension that may have any length.
    """

    name: str
    network: nn.Module
    example: Tensor
    varying: int


class DisagreementError(Exception):
    """An exported network gives something else than PyTorch."""


def faster(part: Part, wanted: Wanted, notes: list[str]) -> Run | None:
    """A network run by the backend; None where it stays with PyTorch.

    What goes wrong in another library is no reason to stop: a line is added to the notes.

    Args:
        part: the network.
        wanted: how to run it.
        notes: gets a line where the backend cannot be used.
    """
    if wanted.backend == "torch":
        return None
    if not wanted.asked and sum(tensor.numel() for tensor in part.network.state_dict().values()) < LEAST_WEIGHTS:
        return None
    try:
        return _checked(part, wanted.backend, wanted.dtype, torch.get_num_threads())
    except Exception as error:  # of any kind: these are other people's exporters and compilers
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        notes.append(f"the {part.name} runs with PyTorch, since {wanted.backend} cannot be used: {first}")
        return None


def _checked(part: Part, name: Engine, dtype: torch.dtype, threads: int) -> Run:
    engine = engine_of(name)
    about = {
        "program": __version__,
        "engine": name,
        "version": engine.version(),
        "torch": torch.__version__,
        "network": repr(part.network),
        "shape": tuple(part.example.shape),
        "varying": part.varying,
    }
    with torch.inference_mode():
        true = part.network(part.example).numpy()
    difference = float("nan")
    # What is kept may be of a program that computed something else with the same weights: it is exported again then.
    for exported in candidates(
        f"{part.name.replace(' ', '-')}-{name}",
        key_of(part.network, about),
        lambda: engine.export(part.network, part.example, part.varying),
    ):
        run: Run = engine.load(exported, threads, dtype)
        difference = disagreement(run(part.example.numpy()), true)
        if difference <= TOLERANCE[dtype]:
            return run
    raise DisagreementError(f"it differs from PyTorch by {100 * difference:.2g} % of the output's variation")


def engine_of(name: Engine) -> ModuleType:
    """The module of an engine, with ``version``, ``export`` and ``load``."""
    return import_module(f"rtmri2speech.models.exported.{name}_engine")


def disagreement(made: Float32, true: Float32) -> float:
    """Root mean square difference as a share of the standard deviation of ``true``; infinite where shapes differ."""
    if made.shape != true.shape:
        return float("inf")
    spread = max(float(np.std(true, dtype=np.float64)), 1e-30)
    return float(np.sqrt(np.mean(np.square(made - true, dtype=np.float64)))) / spread
