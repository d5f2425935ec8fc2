"""Training from a dataset folder to a bundle: ``train_acoustic`` and ``train_vocoder``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource
from rtmri2speech.data.files import check_writable
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import save_bundle
from rtmri2speech.training.engine.checkpoints import Checkpoints
from rtmri2speech.training.engine.distributed import Processes, find_processes, leave_together, start_together
from rtmri2speech.training.engine.metrics_log import RunLog, validation_loss
from rtmri2speech.training.engine.progress import ProgressLine, ValidationLines
from rtmri2speech.training.engine.run_folder import Position, RunFolder, load_checkpoint
from rtmri2speech.training.engine.stopping import Interrupted, StepsDone, StopRequest, reason_to_end
from rtmri2speech.training.engine.trainer import Execution, choose_execution, make_trainer, quiet
from rtmri2speech.training.recipes import AcousticRecipe, Recipe, RunConfig
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.tasks import Task, acoustic_task, vocoder_task
from rtmri2speech.version import __version__


@dataclass(frozen=True)
class _Start:
    """A training that is ready to begin, or to go on."""

    dataset: Dataset
    execution: Execution
    task: Task
    run: RunFolder
    position: Position | None

    @property
    def place(self) -> str:
        return "the beginning" if self.position is None else str(self.position)

    @property
    def first_step(self) -> int:
        """Optimiser steps done before."""
        return 0 if self.position is None else self.position.global_step // self.task.steps_per_batch

    @cached_property
    def is_over(self) -> bool:
        """Whether the run had ended already, and no limit is larger now."""
        if self.position is None:
            return False
        kept = self.position.progress
        waited, rate = kept.get("waited", 0), kept.get("rate")
        return reason_to_end(self.task.settings, self.first_step, self.position.epoch, waited, rate) is not None

    @cached_property
    def last_loss(self) -> float | None:
        """The validation loss at the end of a run that is over; None when it was not validated there."""
        return validation_loss(self.run.path, self.first_step) if self.is_over else None


def train_acoustic(
    dataset_dir: Path | Dataset,
    recipe: Recipe,
    out: Path,
    run_dir: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    init: Path | None = None,
    progress: bool = False,
) -> TrainingSummary:
    """Train the acoustic model and write the best one as a bundle.

    Started by torchrun or srun in several processes, they train together; the first one writes.

    Args:
        dataset_dir: a prepared dataset, or one that is open.
        recipe: settings; its ``acoustic`` part is used.
        out: the bundle to write, ``.safetensors``.
        run_dir: folder of checkpoints and logs, new or, with ``resume``, that of the run to go on with.
        device: ``auto``, ``cpu`` or ``cuda``.
        resume: go on from the run's last checkpoint. A run that had ended goes on when its limit is larger now;
            otherwise nothing is trained and its bundle is written again.
        init: bundle with an acoustic model of the same size to start from. The scaler stays the dataset's.
            May be left out when a run goes on.
        progress: show a progress bar; otherwise a line a validation is printed.

    Raises:
        UserError: for whatever the user can mend; DatasetError, BundleError and ConfigError among them.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    processes, settings = find_processes(), recipe.acoustic

    def prepare() -> _Start:
        dataset = dataset_dir if isinstance(dataset_dir, Dataset) else Dataset(dataset_dir)
        execution = choose_execution(device, settings.precision)
        task = acoustic_task(dataset, settings, init, execution.cuda, processes)
        return _start(dataset, execution, task, processes, run_dir, out, init, resume=resume)

    return _run(prepare, processes, out, progress=progress)


def train_vocoder(
    dataset_dir: Path,
    recipe: Recipe,
    out: Path,
    run_dir: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    init: Path | None = None,
    mels: MelSource | None = None,
    progress: bool = False,
) -> TrainingSummary:
    """Train the vocoder on a dataset's sound and write the best one as a bundle.

    Arguments and errors as in :func:`train_acoustic`; the recipe's ``vocoder`` part is used, and ``init`` is a
    bundle with a vocoder, or a HiFi-GAN checkpoint with its JSON beside it; one of another upsampling or mel definition
    is adapted, and what was done to it is printed. With ``mels``, they are taken from there instead of the dataset: the
    vocoder learns to make the same sound of an acoustic model's predictions.
    """
    processes, settings = find_processes(), recipe.vocoder

    def prepare() -> _Start:
        # The discriminators choose their precision themselves.
        dataset, execution = Dataset(dataset_dir), choose_execution(device, "fp32")
        task = vocoder_task(dataset, settings, init, execution.cuda, processes, mels)
        return _start(dataset, execution, task, processes, run_dir, out, init, resume=resume)

    return _run(prepare, processes, out, progress=progress)


def _start(
    dataset: Dataset,
    execution: Execution,
    task: Task,
    processes: Processes,
    run_dir: Path,
    out: Path,
    init: Path | None,
    *,
    resume: bool,
) -> _Start:
    run = RunFolder(run_dir)
    if processes.is_first:
        check_writable(out)  # now, not after days of training
        mels = None if task.mels is None else task.mels.identity(dataset)
        run = RunFolder.open(run_dir, task.kind, task.settings, dataset, init, mels, resume=resume)
    position = run.position() if resume else None
    if position is not None:
        task.sampler.resume(position.epoch, position.batches * task.settings.data.batch_size)
    return _Start(dataset, execution, task, run, position)


def _run(prepare: Callable[[], _Start], processes: Processes, out: Path, *, progress: bool) -> TrainingSummary:
    start = start_together(processes, prepare, lambda start: start.place)
    task, execution, run = start.task, start.execution, start.run
    module, settings = task.module, task.settings
    if processes.is_first and start.position is None:
        for note in task.notes:
            print(note, flush=True)
    began, interrupted, at_once = time.perf_counter(), False, False
    device_name = execution.name if processes.world == 1 else f"{processes.world} x {execution.name}"
    with StopRequest() as stop, quiet():
        checkpoints = Checkpoints(run, stop)

        def write_best() -> bool:
            """The best model so far as a bundle, if there is one and this process writes."""
            if not processes.is_first or not checkpoints.best.is_file():
                return False
            module.load_state_dict(load_checkpoint(checkpoints.best)["state_dict"])
            save_bundle(task.to_bundle(_provenance(start, checkpoints, device_name)), out)
            return True

        if processes.is_first and start.last_loss is None:
            module.run_log = RunLog(run.path, -1 if start.position is None else start.first_step)
        trainer = _trainer(start, processes, checkpoints, progress=progress)
        try:
            _fit(trainer, start, checkpoints, stop)
        except Interrupted:
            interrupted = True
        except SystemExit:  # Lightning's answer to a second Ctrl-C
            interrupted = at_once = True
        except torch.OutOfMemoryError as error:
            raise _out_of_memory(task.kind, settings, execution) from error
        except UserError:
            write_best()  # which a training that has come apart can begin anew from
            raise
        finally:
            if module.run_log is not None:
                module.run_log.close()
        interrupted = interrupted or stop.made
        seconds = time.perf_counter() - began
        steps, epochs = module.optimizer_steps, trainer.current_epoch
        reason = reason_to_end(settings, steps, epochs, checkpoints.waited, checkpoints.rate)
        summary = TrainingSummary(
            kind=task.kind,
            device=device_name,
            precision=task.precision or execution.precision,
            epochs=epochs,
            steps=steps,
            steps_per_second=(steps - start.first_step) / seconds,
            train_loss=float("nan") if module.last_train_loss is None else float(module.last_train_loss),
            final_loss=checkpoints.final_loss,
            best_loss=checkpoints.best_loss,
            best_step=checkpoints.best_step,
            metrics=checkpoints.best_metrics,
            stopped="interrupted" if interrupted or reason is None else reason,
            mels=None if task.mels is None else task.mels.folder,
            out=out,
            run_dir=run.path,
        )
        # Written before more is measured; and who has asked to stop does not wait for more figures.
        if write_best() and not interrupted:
            checkpoints.best_metrics.update(task.measure(torch.device("cuda" if execution.cuda else "cpu")))
            write_best()
        if interrupted and not at_once:
            leave_together(processes)
    if interrupted:
        raise KeyboardInterrupt
    return summary


def _trainer(start: _Start, processes: Processes, checkpoints: Checkpoints, *, progress: bool) -> Trainer:
    task, settings = start.task, start.task.settings
    callbacks = [*task.callbacks, checkpoints]
    if processes.is_first:
        callbacks.append(ProgressLine(settings) if progress else ValidationLines())
    if start.is_over:
        # The trainer takes up the state and finds that no epoch is left.
        assert start.position is not None
        settings = settings.model_copy(update={"max_epochs": start.position.epoch})
    return make_trainer(settings, start.execution, start.run.path, callbacks, task.steps_per_batch, processes)


def _fit(trainer: Trainer, start: _Start, checkpoints: Checkpoints, stop: StopRequest) -> None:
    task, position = start.task, start.position
    with suppress(StepsDone):
        trainer.fit(task.module, task.train, task.validation, ckpt_path=None if position is None else position.path)
    if start.last_loss is not None:
        checkpoints.final_loss = start.last_loss
    done = trainer.strategy.reduce_boolean_decision(stop.made or start.last_loss is not None, all=False)
    if checkpoints.validated_step != task.module.optimizer_steps and not done:
        # A limit may end the training between two validations.
        trainer.validate(task.module, task.validation, verbose=False)


def _out_of_memory(kind: str, settings: RunConfig, execution: Execution) -> UserError:
    smaller, more = "batch_size", ""
    if isinstance(settings, AcousticRecipe):
        smaller, more = "micro_batch_size", ", or set acoustic.checkpoint_segments to 2"
    more += f", or set {kind}.cuda_graph to false" if settings.cuda_graph else ""
    return UserError(
        f"{execution.name} has too little memory for this recipe.",
        f"Lower {kind}.data.{smaller} or {kind}.data.segment_frames{more}.",
    )


def _provenance(start: _Start, checkpoints: Checkpoints, device: str) -> dict[str, Any]:
    dataset, settings = start.dataset, start.task.settings
    meta = dataset.meta
    return {
        "version": __version__,
        "torch": torch.__version__,
        "dataset": dataset.fingerprint(),
        "corpus": meta.corpus,
        "licence": meta.licence,
        "citation": meta.citation,
        "utterances": dict(Counter(utterance.split for utterance in dataset.utterances)),
        "seed": settings.seed,
        "init": start.run.init,
        **({} if start.run.mels is None else {"mels": start.run.mels}),
        "recipe": settings.model_dump(mode="json"),
        "step": checkpoints.best_step,
        "metrics": checkpoints.best_metrics,
        "device": device,
    }
