"""Settings that the trainings of all models share: batches, optimizer, how long a run lasts."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from rtmri2speech.config import Config

Precision = Literal["auto", "bf16", "fp16", "fp32"]

Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
"""Fraction of a moving average that stays at each step."""


class LoaderConfig(Config):
    """How batches are read."""

    batch_size: int = Field(16, ge=1, description="items (segments) per batch, over all processes")
    drop_last: bool = Field(False, description="leave out an epoch's last batch where it is smaller than the others")
    num_workers: int = Field(4, ge=0, description="loader processes on a GPU; training on a CPU uses fewer")
    prefetch_factor: int = Field(4, ge=1, description="batches each loader process reads ahead")
    pin_memory: bool = Field(True, description="page-locked memory for faster copies to a GPU")


class AdamConfig(Config):
    """Optimizer: AdamW; for the vocoder Adam (no weight decay)."""

    lr: float = Field(1e-4, gt=0, description="learning rate")
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="decay of the two moments")
    eps: float = Field(1e-8, gt=0, description="term against division by zero")
    weight_decay: float = Field(1e-4, ge=0, description="decoupled weight decay")


class RunConfig(Config):
    """How long a run lasts, common to all models."""

    max_epochs: int = Field(4500, ge=1, description="passes over the training split")
    max_steps: int | None = Field(
        None, ge=1, description="largest number of optimizer steps; none: as many as the epochs give"
    )
    validate_every: int = Field(1, ge=1, description="epochs between validations")
    keep_every: int | None = Field(
        None,
        ge=1,
        description="validations between weights that are kept besides the best and the last; none: no others",
    )
    show_every: int = Field(5, ge=1, description="validations between images and sounds in TensorBoard")
    seed: int = Field(42, ge=0, description="seed of weights, order and crops")

    @property
    def rate_depends_on_max_steps(self) -> bool:
        """Whether the learning rate depends on ``max_steps``, so that a run cannot be made longer."""
        return False


class GraphRunConfig(RunConfig):
    """A run whose networks can be replayed as CUDA graphs."""

    cuda_graph: bool = Field(
        True, description="on a GPU, replay the networks as CUDA graphs (acoustic: the CNN backbone, in one pass)"
    )


def half_cosine(share: float) -> float:
    """Half a cosine: from 1 at the start of a run (``share`` 0) to 0 at its end (1) and after it."""
    return 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))
