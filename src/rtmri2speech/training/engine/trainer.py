"""What both models share around Lightning: device and precision, the trainer, fewer warnings."""

from __future__ import annotations

import logging
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies import DDPStrategy

from rtmri2speech.errors import UserError
from rtmri2speech.models.devices import choose_device
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.stopping import StepLimit
from rtmri2speech.training.run_config import Precision, RunConfig


@dataclass(frozen=True)
class Execution:
    """Where and in what precision a run computes, in Lightning's terms.

    Attributes:
        accelerator: kind of device.
        precision: of the networks.
        name: of the device.
    """

    accelerator: Literal["cpu", "gpu"]
    precision: Literal["32-true", "bf16-mixed", "16-mixed"]
    name: str

    @property
    def cuda(self) -> bool:
        """Whether it runs on a GPU."""
        return self.accelerator == "gpu"


def choose_execution(device: str, precision: Precision) -> Execution:
    """Decide the device and the precision.

    ``auto`` is bfloat16 where the GPU computes in it, half precision with a gradient scaler on older ones
    (reference configuration, section 2), and float32 on a CPU, where the others save nothing.

    Raises:
        UserError: when a GPU is asked for that is not there, or half precision on a CPU.
    """
    if choose_device(device).type == "cpu":
        if precision == "fp16":
            raise UserError("Half precision (fp16) does not train on a CPU.", "Set precision to fp32 or bf16.")
        name = platform.processor() or platform.machine()
        return Execution("cpu", "bf16-mixed" if precision == "bf16" else "32-true", f"CPU {name}")
    name = torch.cuda.get_device_name()
    if precision == "fp32":
        return Execution("gpu", "32-true", name)
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bf16" and not bf16:
        raise UserError(f"{name} does not compute in bfloat16.", "Set precision to auto or fp16.")
    return Execution("gpu", "bf16-mixed" if bf16 and precision != "fp16" else "16-mixed", name)


def make_trainer(
    settings: RunConfig,
    execution: Execution,
    folder: Path,
    callbacks: list[Callback],
    steps_per_batch: int,
    processes: Processes,
) -> Trainer:
    """Lightning's trainer for a run.

    Args:
        settings: how long it runs.
        execution: where.
        folder: the run folder.
        callbacks: all of them.
        steps_per_batch: optimizer steps per batch; Lightning counts those of every optimizer.
        processes: how many there are, and which one this is.
    """
    strategy: Any = "auto"
    if processes.world > 1:
        # The module itself keeps the running statistics equal.
        strategy = DDPStrategy(broadcast_buffers=False, gradient_as_bucket_view=True)
    steps = None if settings.max_steps is None else settings.max_steps * steps_per_batch
    return Trainer(
        accelerator=execution.accelerator,
        devices=processes.world // processes.nodes,
        num_nodes=processes.nodes,
        strategy=strategy,
        plugins=[processes.plugin()],
        precision=execution.precision,
        max_epochs=settings.max_epochs,
        check_val_every_n_epoch=settings.validate_every,
        num_sanity_val_steps=0,
        logger=False,
        callbacks=[*callbacks, StepLimit(steps)],
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's tips, and those of its warnings that a user of this program cannot act on."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=PossibleUserWarning)
        # Lightning and TensorBoard lag behind PyTorch; the versions are pinned by us, not by the user.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(lightning|torch|tensorboard)\b")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(lightning|torch|tensorboard)\b")
        warnings.filterwarnings("ignore", message=r".*Checkpoint directory .* exists and is not empty.*")
        warnings.filterwarnings("ignore", message=r".*GPU available but not used.*")
        # A pointwise convolution's gradient has strides of two names for one layout.
        warnings.filterwarnings("ignore", message=r"Grad strides do not match bucket view strides")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
