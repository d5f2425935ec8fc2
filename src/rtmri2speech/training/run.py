"""Training from a dataset folder to a bundle: ``train_acoustic`` and ``train_vocoder``."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from rtmri2speech import __version__
from rtmri2speech.data.files import check_writable
from rtmri2speech.data.layout import Dataset
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle import save_bundle
from rtmri2speech.training.acoustic import AcousticTraining
from rtmri2speech.training.engine import (
    Checkpoints,
    Execution,
    Interrupted,
    StopRequest,
    choose_execution,
    make_trainer,
    quiet,
)
from rtmri2speech.training.log import RunLog
from rtmri2speech.training.processes import Processes, find_processes
from rtmri2speech.training.progress import ProgressLine, ValidationLines
from rtmri2speech.training.recipes import AcousticRecipe, Recipe, RunConfig
from rtmri2speech.training.runs import Position, RunFolder, load_checkpoint
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.tasks import Task, acoustic_task, vocoder_task


def train_acoustic(
    dataset_dir: Path,
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
        dataset_dir: a prepared dataset.
        recipe: settings; its ``acoustic`` part is used.
        out: the bundle to write, ``.safetensors``.
        run_dir: folder of checkpoints and logs, new or, with ``resume``, that of the run to go on with.
        device: ``auto``, ``cpu`` or ``cuda``.
        resume: go on from the run's last checkpoint.
        init: bundle with an acoustic model of the same size to start from. The scaler stays the dataset's.
        progress: show a progress bar; otherwise a line a validation is printed.

    Raises:
        UserError: for whatever the user can mend; DatasetError, BundleError and ConfigError among them.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    dataset, processes = Dataset(dataset_dir), find_processes()
    execution = choose_execution(device, recipe.acoustic.precision)
    task = acoustic_task(dataset, recipe.acoustic, init, execution.cuda, processes)
    return _run(task, dataset, execution, processes, run_dir, out, init, resume=resume, progress=progress)


def train_vocoder(
    dataset_dir: Path,
    recipe: Recipe,
    out: Path,
    run_dir: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    init: Path | None = None,
    progress: bool = False,
) -> TrainingSummary:
    """Train the vocoder on a dataset's sound and write the best one as a bundle.

    Arguments and errors as in :func:`train_acoustic`; the recipe's ``vocoder`` part is used, and ``init`` is a
    bundle with a vocoder of the same geometry.
    """
    dataset, processes = Dataset(dataset_dir), find_processes()
    if processes.world > 1:
        raise UserError("The vocoder trains in one process.", "Start it without torchrun or srun.")
    execution = choose_execution(device, recipe.vocoder.precision)
    task = vocoder_task(dataset, recipe.vocoder, init, execution.cuda, processes)
    return _run(task, dataset, execution, processes, run_dir, out, init, resume=resume, progress=progress)


def _run(
    task: Task,
    dataset: Dataset,
    execution: Execution,
    processes: Processes,
    run_dir: Path,
    out: Path,
    init: Path | None,
    *,
    resume: bool,
    progress: bool,
) -> TrainingSummary:
    module, settings = task.module, task.settings
    check_writable(out)  # now, not after days of training
    run = RunFolder(run_dir)
    if processes.is_first:
        run = RunFolder.open(run_dir, task.kind, settings, dataset, resume=resume)
    position = run.position() if resume else None
    first_step = 0
    if position is not None:
        task.sampler.resume(position.epoch, position.batches * settings.data.batch_size)
        first_step = position.global_step // task.steps_per_batch
    if _compiles(settings, execution):
        assert isinstance(module, AcousticTraining)
        module.compile_network()
    began, interrupted = time.perf_counter(), False
    device_name = execution.name if processes.world == 1 else f"{processes.world} x {execution.name}"
    with StopRequest() as stop, quiet():
        checkpoints = Checkpoints(run, stop)

        def write_best() -> bool:
            """The best model so far as a bundle, if there is one and this process writes."""
            if not processes.is_first or not checkpoints.best.is_file():
                return False
            module.load_state_dict(load_checkpoint(checkpoints.best)["state_dict"])
            save_bundle(task.to_bundle(_provenance(dataset, settings, checkpoints, device_name, init)), out)
            return True

        callbacks = [*task.callbacks, checkpoints]
        if processes.is_first:
            module.run_log = RunLog(run.path, first_step if position is not None else -1)
            callbacks.append(ProgressLine(settings) if progress else ValidationLines())
        trainer = make_trainer(settings, execution, run.path, callbacks, task.steps_per_batch, processes)
        try:
            _fit(trainer, task, position, checkpoints, stop)
        except (Interrupted, SystemExit):
            # SystemExit: Lightning's answer to a second Ctrl-C.
            interrupted = True
        except torch.OutOfMemoryError as error:
            raise _out_of_memory(task.kind, execution) from error
        except UserError:
            write_best()  # which a training that has come apart can begin anew from
            raise
        finally:
            if module.run_log is not None:
                module.run_log.close()
        interrupted = interrupted or stop.made
        seconds = time.perf_counter() - began
        steps = module.optimizer_steps
        summary = TrainingSummary(
            kind=task.kind,
            device=device_name,
            precision=execution.precision,
            epochs=trainer.current_epoch,
            steps=steps,
            steps_per_second=(steps - first_step) / seconds,
            train_loss=float("nan") if module.last_train_loss is None else float(module.last_train_loss),
            final_loss=checkpoints.final_loss,
            best_loss=checkpoints.best_loss,
            best_step=checkpoints.best_step,
            metrics=checkpoints.best_metrics,
            stopped=_stop_reason(task, trainer, interrupted),
            out=out,
            run_dir=run.path,
        )
        # Written before more is measured; and who has asked to stop does not wait for more figures.
        if write_best() and not interrupted:
            checkpoints.best_metrics.update(task.measure(torch.device("cuda" if execution.cuda else "cpu")))
            write_best()
    if interrupted:
        raise KeyboardInterrupt
    return summary


def _fit(trainer: Trainer, task: Task, position: Position | None, checkpoints: Checkpoints, stop: StopRequest) -> None:
    trainer.fit(task.module, task.train, task.validation, ckpt_path=None if position is None else position.path)
    stopped = trainer.strategy.reduce_boolean_decision(stop.made, all=False)
    if checkpoints.validated_step != task.module.optimizer_steps and not stopped:
        # max_steps may end the training between two validations.
        trainer.validate(task.module, task.validation, verbose=False)


def _compiles(settings: RunConfig, execution: Execution) -> bool:
    """Whether to compile the network: PyTorch's compiler for GPUs needs Triton, which not every platform has."""
    wanted = isinstance(settings, AcousticRecipe) and settings.compile and not settings.checkpoint_segments
    return wanted and execution.cuda and importlib.util.find_spec("triton") is not None


def _stop_reason(task: Task, trainer: Trainer, interrupted: bool) -> str:
    module, settings = task.module, task.settings
    if interrupted:
        return "interrupted"
    if module.stop_reason is not None:
        return module.stop_reason
    if settings.max_steps is not None and module.optimizer_steps >= settings.max_steps:
        return f"{settings.max_steps} steps"
    if trainer.should_stop and isinstance(settings, AcousticRecipe):
        return f"no improvement in {settings.early_stop_patience} validations"
    return f"{settings.max_epochs} epochs"


def _out_of_memory(kind: str, execution: Execution) -> UserError:
    smaller = "micro_batch_size" if kind == "acoustic" else "batch_size"
    more = ", or set acoustic.checkpoint_segments to 2" if kind == "acoustic" else ""
    return UserError(
        f"{execution.name} has too little memory for this recipe.",
        f"Lower {kind}.data.{smaller} or {kind}.data.segment_frames{more}.",
    )


def _provenance(
    dataset: Dataset, settings: RunConfig, checkpoints: Checkpoints, device: str, init: Path | None
) -> dict[str, Any]:
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
        "init": None if init is None else init.name,
        "recipe": settings.model_dump(mode="json"),
        "step": checkpoints.best_step,
        "metrics": checkpoints.best_metrics,
        "device": device,
    }
