"""What both trainings share around Lightning: device and precision, checkpoints, a graceful stop, quiet."""

from __future__ import annotations

import logging
import platform
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal, Self, cast

import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Checkpoint
from lightning.pytorch.strategies import DDPStrategy

from rtmri2speech.data.files import cannot_write, move_into_place
from rtmri2speech.errors import UserError
from rtmri2speech.models.devices import choose_device
from rtmri2speech.training.processes import Processes
from rtmri2speech.training.progress import TrainingModule
from rtmri2speech.training.recipes import Precision, RunConfig
from rtmri2speech.training.runs import RunFolder


@dataclass(frozen=True)
class Execution:
    """Where and in what precision a training runs, in Lightning's words."""

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
    (memo section 2), and float32 on a CPU, where the others save nothing.

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


class Interrupted(Exception):
    """The training has stopped where it was asked to, between two steps, with its state saved."""


class StopRequest:
    """Turns the first Ctrl-C or SIGTERM into a request to stop after the step at hand; another one stops at once.

    SIGTERM is how a cluster says that the time is over. Lightning's own way stops inside a step, when half of the
    weights may be updated, and exits the process.
    """

    def __init__(self) -> None:
        self.made = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals over; once more after Lightning has done the same."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.signal(number, self._handle)
                self._previous.setdefault(number, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.made:
            raise KeyboardInterrupt
        self.made = True


# A checkpoint of all state is up to a gigabyte (the vocoder with its discriminators and their optimisers).
_SECONDS_BETWEEN_SAVES = 60.0
# Steps after which several processes agree whether to save or stop.
_STEPS_BETWEEN_VOTES = 20


class Checkpoints(Checkpoint):
    """Keeps ``last.ckpt`` (all state, once a minute and at the end) and ``best.ckpt`` (weights of the least val/loss).

    The last checkpoint but one stays as ``previous.ckpt``, for the case that the last is damaged. Lightning's
    ModelCheckpoint compares values that may be older than the weights when validations are rarer than epochs;
    this one saves the best where it is measured.

    Args:
        run: where the files go.
        stop: asked between steps.
    """

    def __init__(self, run: RunFolder, stop: StopRequest) -> None:
        self.best = run.checkpoints / "best.ckpt"
        self.best_metrics: dict[str, float] = {}
        self.best_step = -1
        self.validated_step = -1
        self.final_loss = float("nan")
        self._run = run
        self._stop = stop
        self._saved_at = float("-inf")  # the first epoch's end is saved
        self._began = 0.0

    @property
    def best_loss(self) -> float:
        """Least validation loss so far; infinity before the first validation."""
        return self.best_metrics.get("val/loss", float("inf"))

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers, so that checkpoints load without unpickling code."""
        names = ("best_metrics", "best_step", "validated_step", "final_loss")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what ``state_dict`` gave."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Signals are ours again: Lightning has taken SIGTERM meanwhile."""
        self._stop.listen()
        self._began = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the figures down, and save the weights if they are the best."""
        module = cast(TrainingModule, pl_module)
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if "val" in name}
        if module.run_log is not None and self.validated_step != module.optimizer_steps:
            module.run_log.scalars(module.optimizer_steps, trainer.current_epoch, metrics)
        self.validated_step = module.optimizer_steps
        self.final_loss = metrics["val/loss"]
        if self.final_loss < self.best_loss:
            self.best_metrics, self.best_step = metrics, self.validated_step
            self._save(trainer, self.best, weights_only=True)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Save and stop between two steps, if it is time or asked; after an epoch's last step its end does so."""
        if trainer.is_last_batch:
            return
        if trainer.world_size > 1 and cast(TrainingModule, pl_module).optimizer_steps % _STEPS_BETWEEN_VOTES:
            return
        stop = self._agree(trainer, self._stop.made)
        if stop or self._agree(trainer, self._is_time(max(self._saved_at, self._began))):
            self._save(trainer, self._run.last)
        if stop:
            raise Interrupted

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save everything, unless that was done a moment ago: epochs of short recordings last a second."""
        epochs, steps = trainer.max_epochs, trainer.max_steps
        final = trainer.current_epoch + 1 == epochs or trainer.global_step == steps or trainer.should_stop
        stop = self._agree(trainer, self._stop.made)
        if stop or self._agree(trainer, final or self._is_time(self._saved_at)):
            self._save(trainer, self._run.last)
        if stop:
            raise Interrupted

    @staticmethod
    def _is_time(since: float) -> bool:
        return time.monotonic() - since > _SECONDS_BETWEEN_SAVES

    @staticmethod
    def _agree(trainer: Trainer, wish: bool) -> bool:
        """Whether any process wants it: all must save and stop together."""
        return trainer.strategy.reduce_boolean_decision(wish, all=False)

    def _save(self, trainer: Trainer, path: Path, weights_only: bool = False) -> None:
        temporary = path.with_suffix(".tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            trainer.save_checkpoint(temporary, weights_only=weights_only)
            if trainer.is_global_zero:
                if not weights_only and path.is_file():
                    move_into_place(path, self._run.previous)
                move_into_place(temporary, path)
            self._saved_at = self._saved_at if weights_only else time.monotonic()
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise cannot_write(path, error) from error


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
        steps_per_batch: optimiser steps of a batch; Lightning counts those of every optimiser.
        processes: this one among how many.
    """
    strategy: Any = "auto"
    if processes.world > 1:
        # The running statistics are kept equal by the training itself.
        strategy = DDPStrategy(broadcast_buffers=False, gradient_as_bucket_view=True)
    return Trainer(
        accelerator=execution.accelerator,
        devices=processes.world // processes.nodes,
        num_nodes=processes.nodes,
        strategy=strategy,
        plugins=[processes.plugin()],
        precision=execution.precision,
        max_epochs=settings.max_epochs,
        max_steps=-1 if settings.max_steps is None else settings.max_steps * steps_per_batch,
        check_val_every_n_epoch=settings.validate_every,
        num_sanity_val_steps=0,
        logger=False,
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's tips and those of its warnings that a user of this program cannot act on."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=PossibleUserWarning)
        # Lightning and TensorBoard lag behind PyTorch; the versions are pinned by us, not by the user.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(lightning|torch|tensorboard)\b")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(lightning|torch|tensorboard)\b")
        warnings.filterwarnings("ignore", message=r".*Checkpoint directory .* exists and is not empty.*")
        warnings.filterwarnings("ignore", message=r".*GPU available but not used.*")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
