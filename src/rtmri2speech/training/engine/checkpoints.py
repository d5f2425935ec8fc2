"""Checkpoints of a run: all its state now and then, and the weights of the best validation."""

from __future__ import annotations

import math
import time
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from rtmri2speech.data.files import cannot_write, move_into_place, replacing
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.engine.stopping import Interrupted, StepsDone, StopRequest
from rtmri2speech.training.training_module import TrainingModule

# A checkpoint of all state is up to a gigabyte (the vocoder with its discriminators and their optimizers).
_SECONDS_BETWEEN_SAVES = 60.0
# The discriminators' weights in a vocoder's checkpoint, three times the generator's.
_DISCRIMINATORS = "discriminators."
# Steps after which several processes agree whether to save or to stop.
_STEPS_BETWEEN_VOTES = 20


class Checkpoints(Checkpoint):
    """Keeps ``last.ckpt`` (all state, once a minute and at the end) and ``best.ckpt`` (weights of the least val/loss).

    The last checkpoint but one stays as ``previous.ckpt``, in case the last is damaged. The best one holds its own
    step and metrics, because it may be newer than the last. Lightning's ModelCheckpoint compares values that may be
    older than the weights when validations are rarer than epochs; this one saves the best where it is measured.

    With the recipe's ``keep_every`` the weights of some validations are kept, as ``step_NNNNNNNN.ckpt``, without the
    discriminators': they are for comparing (``compare-checkpoints``), not for resuming.

    A run that ends between two validations is validated once more, after its last checkpoint. That validation is
    logged and may find the best model, but nothing else depends on it: a run resumed with a larger limit is the same
    as one that had this limit from the start.

    Args:
        run: where the files go.
        stop: asked between steps.

    Raises:
        UserError: when a best checkpoint is there and damaged.
    """

    def __init__(self, run: RunFolder, stop: StopRequest) -> None:
        self.best = run.checkpoints / "best.ckpt"
        self.best_metrics: dict[str, float] = {}
        self.best_step = -1
        if self.best.is_file():
            stored = load_checkpoint(self.best)
            self.best_metrics, self.best_step = stored.get("metrics", {}), stored.get("step", -1)
        self.validated_step = -1
        self.final_loss = float("nan")
        self.waited = 0
        self.rate: str | None = None
        self._run = run
        self._stop = stop
        self._saved_at = float("-inf")  # the first epoch's end is saved
        self._started = 0.0

    @property
    def best_loss(self) -> float:
        """Least validation loss so far; infinity before the first validation."""
        return self.best_metrics.get("val/loss", float("inf"))

    def state_dict(self) -> dict[str, Any]:
        """Plain values, so that checkpoints load without unpickling code."""
        return {name: getattr(self, name) for name in ("validated_step", "final_loss", "waited", "rate")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what ``state_dict`` gave."""
        for name in self.state_dict().keys() & state_dict.keys():
            setattr(self, name, state_dict[name])

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Install our signal handlers again: Lightning has replaced that of SIGTERM."""
        self._stop.install()
        self._started = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save the weights if they are the best, and log the metrics."""
        module = cast(TrainingModule, pl_module)
        step = module.optimizer_steps
        found = {name: float(value) for name, value in trainer.callback_metrics.items() if "val" in name}
        # NaN is what could not be measured: the pitch of a vocoder whose sound has none yet.
        metrics = {name: value for name, value in found.items() if math.isfinite(value)}
        if metrics["val/loss"] < self.best_loss:
            if trainer.is_global_zero:
                with replacing(self.best) as file:
                    torch.save({"state_dict": pl_module.state_dict(), "step": step, "metrics": metrics}, file)
            self.best_metrics, self.best_step = metrics, step
        every = module.recipe.keep_every
        if every is not None and module.validations % every == 0 and trainer.is_global_zero:
            weights = {
                name: value for name, value in pl_module.state_dict().items() if not name.startswith(_DISCRIMINATORS)
            }
            with replacing(self._run.checkpoints / f"step_{step:08d}.ckpt") as file:
                torch.save({"state_dict": weights, "step": step, "metrics": metrics}, file)
        # Last, because a run that ended is validated again unless this is in the log.
        if module.run_log is not None and self.validated_step != step:
            module.run_log.scalars(step, trainer.current_epoch, metrics)
            module.run_log.flush()
        self.validated_step, self.final_loss = step, metrics["val/loss"]

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Save and stop between two steps, when it is time or requested; an epoch's end does so after its last step."""
        if trainer.is_last_batch:
            return
        if trainer.should_stop:  # the limit of steps, the same for all processes
            self._save(trainer)
            raise StepsDone
        if trainer.world_size > 1 and cast(TrainingModule, pl_module).optimizer_steps % _STEPS_BETWEEN_VOTES:
            return
        stop = self._agree(trainer, self._stop.made)
        if stop or self._agree(trainer, self._is_time(max(self._saved_at, self._started))):
            self._save(trainer)
        if stop:
            raise Interrupted

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save everything, unless that was done a moment ago: epochs of short datasets last a second."""
        final = trainer.current_epoch + 1 == trainer.max_epochs or trainer.should_stop
        stop = self._agree(trainer, self._stop.made)
        if stop or self._agree(trainer, final or self._is_time(self._saved_at)):
            self._save(trainer)
        if stop:
            raise Interrupted

    @staticmethod
    def _is_time(since: float) -> bool:
        return time.monotonic() - since > _SECONDS_BETWEEN_SAVES

    @staticmethod
    def _agree(trainer: Trainer, wish: bool) -> bool:
        """Whether any process wants it: all must save and stop together."""
        return trainer.strategy.reduce_boolean_decision(wish, all=False)

    def _save(self, trainer: Trainer) -> None:
        module, patience = cast(TrainingModule, trainer.lightning_module), trainer.early_stopping_callback
        self.waited = 0 if patience is None else patience.wait_count
        self.rate = module.stop_reason
        if module.run_log is not None:
            module.run_log.flush()  # the log is never behind the checkpoint
        path = self._run.last
        temporary = path.with_suffix(".tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            trainer.save_checkpoint(temporary, weights_only=False)
            if trainer.is_global_zero:
                if path.is_file():
                    move_into_place(path, self._run.previous)
                move_into_place(temporary, path)
            self._saved_at = time.monotonic()
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise cannot_write(path, error) from error
