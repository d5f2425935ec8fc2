"""One session of a training run: prepared, trained until something ends it, its best model written as a bundle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.files import check_writable
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import save_bundle
from rtmri2speech.progress import Progress
from rtmri2speech.training.engine.checkpoints import Checkpoints
from rtmri2speech.training.engine.distributed import Processes, leave_together, start_together
from rtmri2speech.training.engine.metrics_log import RunLog, validation_loss
from rtmri2speech.training.engine.progress import RunProgress
from rtmri2speech.training.engine.run_folder import Position, RunFolder, load_checkpoint
from rtmri2speech.training.engine.stopping import Interrupted, StepsDone, StopRequest, reason_to_end
from rtmri2speech.training.engine.trainer import Execution, make_trainer, quiet
from rtmri2speech.training.recipes import AcousticRecipe
from rtmri2speech.training.run_config import GraphRunConfig, RunConfig
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.tasks import FinalMeasures, Task
from rtmri2speech.training.training_data import TrainingData
from rtmri2speech.version import __version__


@dataclass(frozen=True)
class RunOptions:
    """What a run starts from and where it writes.

    Attributes:
        out: the bundle to write.
        run_dir: folder of checkpoints and logs.
        init: file with weights to start from.
        resume: continue the run in ``run_dir``.
    """

    out: Path
    run_dir: Path
    init: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class PreparedRun:
    """A run that is ready to start, or to be resumed.

    Attributes:
        dataset: what it trains on.
        execution: where.
        task: what it trains.
        folder: its folder.
        position: where it resumes; None at the beginning.
        ended: it had ended already, and no limit is larger now.
        last_loss: validation loss at the end of a run that had ended; None when it was not validated there.
    """

    dataset: TrainingData
    execution: Execution
    task: Task
    folder: RunFolder
    position: Position | None = None
    ended: bool = False
    last_loss: float | None = None

    @property
    def place(self) -> str:
        """Where it starts, in words."""
        return "the beginning" if self.position is None else str(self.position)

    @property
    def first_step(self) -> int:
        """Optimizer steps done before."""
        return 0 if self.position is None else self.position.global_step // self.task.steps_per_batch


@dataclass(frozen=True)
class _End:
    """How the training of a session ended.

    Attributes:
        epochs: whole epochs done.
        seconds: time spent.
        interrupted: a signal ended it.
        at_once: a second signal did.
        error: what the user has to mend.
    """

    epochs: int
    seconds: float
    interrupted: bool
    at_once: bool = False
    error: UserError | None = None


def prepare_run(
    dataset: TrainingData, execution: Execution, task: Task, processes: Processes, options: RunOptions
) -> PreparedRun:
    """Open the run folder and find where to start; nothing is trained.

    Raises:
        UserError: when the folder or the bundle cannot be written, or the run cannot be resumed.
    """
    folder = RunFolder(options.run_dir)
    if processes.is_first:
        check_writable(options.out)  # now, not after days of training
        mels = task.mels.identity(dataset) if task.mels is not None and isinstance(dataset, Dataset) else None
        folder = RunFolder.open(
            options.run_dir, task.kind, task.settings, dataset, options.init, mels, resume=options.resume
        )
    position = folder.position() if options.resume else None
    if position is None:
        return PreparedRun(dataset, execution, task, folder)
    task.sampler.resume(position.epoch, position.batches * task.settings.data.batch_size)
    steps = position.global_step // task.steps_per_batch
    waited, rate = position.progress.get("waited", 0), position.progress.get("rate")
    ended = reason_to_end(task.settings, steps, position.epoch, waited, rate) is not None
    last_loss = validation_loss(folder.path, steps) if ended else None
    return PreparedRun(dataset, execution, task, folder, position, ended, last_loss)


def run_session(
    prepare: Callable[[], PreparedRun], processes: Processes, out: Path, progress: Progress
) -> TrainingSummary:
    """Train in all processes together, and write the best model.

    Args:
        prepare: makes the run ready, in each process.
        processes: how many there are, and which one this is.
        out: the bundle to write.
        progress: counts optimizer steps, in the first process.

    Raises:
        UserError: for whatever the user can mend; the best model so far is written.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    run = start_together(processes, prepare, lambda run: run.place)
    if processes.is_first and run.position is None:
        for note in run.task.notes:
            print(note, flush=True)
    device = run.execution.name if processes.world == 1 else f"{processes.world} x {run.execution.name}"
    with StopRequest() as stop, quiet():
        checkpoints = Checkpoints(run.folder, stop)
        end = _train(run, processes, checkpoints, stop, progress)
        # Whoever has asked to stop does not wait for more measures, and a diverged run can be started from its best.
        measure = not end.interrupted and end.error is None
        metrics = _write_best(run, checkpoints, device, out, measure=measure) if processes.is_first else {}
        if end.error is not None:
            raise end.error
        if end.interrupted and not end.at_once:
            leave_together(processes)
    if end.interrupted:
        raise KeyboardInterrupt
    return _summary(run, end, checkpoints, {**checkpoints.best_metrics, **metrics}, device, out)


def _train(
    run: PreparedRun, processes: Processes, checkpoints: Checkpoints, stop: StopRequest, progress: Progress
) -> _End:
    module, began = run.task.module, time.perf_counter()
    interrupted, at_once, error = False, False, None
    if processes.is_first and run.last_loss is None:
        module.run_log = RunLog(run.folder.path, -1 if run.position is None else run.first_step)
    trainer = _trainer(run, processes, checkpoints, progress)
    try:
        _fit(trainer, run, checkpoints, stop)
    except Interrupted:
        interrupted = True
    except SystemExit:  # Lightning's answer to a second Ctrl-C
        interrupted = at_once = True
    except torch.OutOfMemoryError as problem:
        raise _out_of_memory(run.task.kind, run.task.settings, run.execution) from problem
    except UserError as problem:
        error = problem
    finally:
        if module.run_log is not None:
            module.run_log.close()
    seconds = time.perf_counter() - began
    return _End(trainer.current_epoch, seconds, interrupted or stop.made, at_once, error)


def _trainer(run: PreparedRun, processes: Processes, checkpoints: Checkpoints, progress: Progress) -> Trainer:
    task, settings = run.task, run.task.settings
    callbacks = [*task.callbacks, checkpoints]
    if processes.is_first:
        callbacks.append(RunProgress(settings, progress))
    if run.ended:
        # The trainer takes up the state and finds that no epoch is left.
        assert run.position is not None
        settings = settings.model_copy(update={"max_epochs": run.position.epoch})
    return make_trainer(settings, run.execution, run.folder.path, callbacks, task.steps_per_batch, processes)


def _fit(trainer: Trainer, run: PreparedRun, checkpoints: Checkpoints, stop: StopRequest) -> None:
    task, position = run.task, run.position
    if task.start_counts and position is None:
        trainer.validate(task.module, task.validation, verbose=False)
    with suppress(StepsDone):
        trainer.fit(task.module, task.train, task.validation, ckpt_path=None if position is None else position.path)
    if run.last_loss is not None:
        checkpoints.final_loss = run.last_loss
    done = trainer.strategy.reduce_boolean_decision(stop.made or run.last_loss is not None, all=False)
    if checkpoints.validated_step != task.module.optimizer_steps and not done:
        # A limit may end the run between two validations.
        trainer.validate(task.module, task.validation, verbose=False)


def _write_best(
    run: PreparedRun, checkpoints: Checkpoints, device: str, out: Path, *, measure: bool
) -> dict[str, float]:
    """Write the best model so far as a bundle, if there is one; what was measured of it for the bundle."""
    if not checkpoints.best.is_file():
        return {}
    task, measures = run.task, FinalMeasures()
    task.module.load_state_dict(load_checkpoint(checkpoints.best)["state_dict"])
    try:
        if measure:
            measures = task.measure(torch.device("cuda" if run.execution.cuda else "cpu"))
    finally:  # the model does not depend on whether the measuring succeeds
        provenance = _provenance(run, checkpoints, measures, device)
        save = partial(save_bundle, half=True) if task.half else save_bundle
        save(task.to_bundle(provenance, measures), out)
    return measures.metrics


def _summary(
    run: PreparedRun, end: _End, checkpoints: Checkpoints, metrics: dict[str, float], device: str, out: Path
) -> TrainingSummary:
    task, steps = run.task, run.task.module.optimizer_steps
    loss = task.module.last_train_loss
    return TrainingSummary(
        kind=task.kind,
        device=device,
        precision=task.precision or run.execution.precision,
        epochs=end.epochs,
        steps=steps,
        seconds=end.seconds,
        steps_per_second=(steps - run.first_step) / end.seconds,
        train_loss=float("nan") if loss is None else float(loss),
        final_loss=checkpoints.final_loss,
        best_loss=checkpoints.best_loss,
        best_step=checkpoints.best_step,
        metrics=metrics,
        stopped=reason_to_end(task.settings, steps, end.epochs, checkpoints.waited, checkpoints.rate) or "interrupted",
        mels=None if task.mels is None else task.mels.folder,
        out=out,
        run_dir=run.folder.path,
    )


def _out_of_memory(kind: str, settings: RunConfig, execution: Execution) -> UserError:
    if not isinstance(settings, GraphRunConfig):
        return UserError(f"{execution.name} has too little memory for this recipe.", f"Lower {kind}.data.batch_size.")
    smaller, more = "batch_size", ""
    if isinstance(settings, AcousticRecipe):
        smaller, more = "micro_batch_size", ", or set acoustic.checkpoint_segments to 2"
    more += f", or set {kind}.cuda_graph to false" if settings.cuda_graph else ""
    return UserError(
        f"{execution.name} has too little memory for this recipe.",
        f"Lower {kind}.data.{smaller} or {kind}.data.segment_frames{more}.",
    )


def _provenance(run: PreparedRun, checkpoints: Checkpoints, measures: FinalMeasures, device: str) -> dict[str, Any]:
    dataset, settings = run.dataset, run.task.settings
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
        "init": run.folder.init,
        **({} if run.folder.mels is None else {"mels": run.folder.mels}),
        "recipe": settings.model_dump(mode="json"),
        "step": checkpoints.best_step,
        "metrics": {**checkpoints.best_metrics, **measures.metrics},
        "device": device,
    }
