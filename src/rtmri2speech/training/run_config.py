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


class TimedRunConfig(RunConfig):
    """A run whose learning rate falls to 0 by half a cosine, over its steps or over minutes."""

    optimizer: AdamConfig = Field(default_factory=AdamConfig, description="AdamW")
    max_steps: int = Field(20000, ge=1, description="optimizer steps, over which the learning rate falls to 0")
    max_minutes: float | None = Field(
        None, gt=0, description="minutes over which it falls to 0 where these are over before the steps; none: any"
    )
    epoch_steps: int = Field(250, ge=1, description="steps per epoch, after which is validated")
    warmup_steps: int = Field(300, ge=0, description="first steps, over which the learning rate rises to its value")
    ema: Decay = Field(0.999, description="share of the averaged weights that stays per step; they are the model")
    clip_norm: float = Field(1.0, gt=0, description="largest norm of the gradient")
    precision: Precision = Field("auto", description="auto: bf16 on a GPU that has it, else fp16; fp32 on a CPU")

    @property
    def rate_depends_on_max_steps(self) -> bool:
        """Always: the schedule is a cosine."""
        return True

    def share_done(self, step: int, seconds: float) -> float:
        """Share of the run that is done, by steps or by time, whichever is more; 1 at its end."""
        timed = 0.0 if self.max_minutes is None else seconds / (60.0 * self.max_minutes)
        return max(step / self.max_steps, timed)

    def rate(self, step: int, seconds: float = 0.0) -> float:
        """Learning rate of an optimizer step, counted from 0, after so many seconds."""
        warm = min((step + 1) / self.warmup_steps, 1.0) if self.warmup_steps else 1.0
        return float(self.optimizer.lr * warm * half_cosine(self.share_done(step, seconds)))


def half_cosine(share: float) -> float:
    """Half a cosine: from 1 at the start of a run (``share`` 0) to 0 at its end (1) and after it."""
    return 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))
