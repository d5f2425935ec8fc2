"""Training from a dataset folder to a bundle: ``train_acoustic`` and ``train_vocoder``."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, RichProgressBar

from rtmri2speech import __version__
from rtmri2speech.data.files import check_writable
from rtmri2speech.data.layout import Dataset
from rtmri2speech.data.segments import FrameSegments, SoundSegments, collate_pad
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle import Bundle, save_bundle
from rtmri2speech.models.vocoder import Generator
from rtmri2speech.signal.scaler import MelScaler
from rtmri2speech.signal.statistics import MelStatistics
from rtmri2speech.training.acoustic import AcousticTraining
from rtmri2speech.training.engine import (
    Checkpoints,
    Execution,
    Interrupted,
    StopRequest,
    ValidationLines,
    choose_execution,
    make_trainer,
    quiet,
)
from rtmri2speech.training.loaders import EpochSampler, Loader, WholeSounds, make_loader
from rtmri2speech.training.recipes import AcousticRecipe, Recipe, RunConfig, VocoderRecipe
from rtmri2speech.training.runs import RunFolder, load_checkpoint
from rtmri2speech.training.start import load_init, start_from
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.vocoder import OPTIMIZERS, VocoderTraining

# Validation needs no gradients: longer segments spare it most of the overlap of loose windows.
_VALIDATION_SEGMENT = 32


@dataclass(frozen=True)
class _Task:
    """One training, ready to run."""

    kind: str
    settings: AcousticRecipe | VocoderRecipe
    module: AcousticTraining | VocoderTraining
    train: Loader
    validation: Loader
    sampler: EpochSampler
    steps_per_batch: int
    callbacks: list[Callback]
    to_bundle: Callable[[dict[str, Any]], Bundle]


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
        KeyboardInterrupt: after Ctrl-C, with the state saved and the best model so far written.
    """
    settings = recipe.acoustic
    dataset = Dataset(dataset_dir)
    meta = dataset.meta
    execution = choose_execution(device, settings.precision)
    segments = settings.data.segment_frames
    size = settings.model.ref_frames
    train = FrameSegments(dataset, "train", segments, size)
    validation = FrameSegments(dataset, "validation", max(segments, _VALIDATION_SEGMENT), size)
    mask = dataset.pixel_mask()
    pixel_mask = None if mask is None else torch.from_numpy((mask > 0).astype(np.uint8))
    statistics = MelStatistics.from_json(dataset.root / "scaler.json", meta.features.n_mels)
    start = None if init is None else load_init(init, "acoustic", dataset)
    torch.manual_seed(settings.seed)
    model = AcousticModel(settings.model, meta.features.n_mels)
    if start is not None:
        start_from(model, start, "acoustic")
    model.scaler.load_state_dict(MelScaler.of(statistics).state_dict())
    run = RunFolder.open(run_dir, "acoustic", settings, dataset, resume=resume)

    data, cuda, seed = settings.data, execution.cuda, settings.seed
    sampler = EpochSampler(len(train), seed)
    task = _Task(
        kind="acoustic",
        settings=settings,
        module=AcousticTraining(settings, model, pixel_mask),
        train=make_loader(
            train, data, batch_size=data.batch_size, cuda=cuda, seed=seed, sampler=sampler, collate=collate_pad
        ),
        validation=make_loader(
            validation, data, batch_size=data.micro_batch_size, cuda=cuda, seed=seed, collate=collate_pad
        ),
        sampler=sampler,
        steps_per_batch=1,
        callbacks=[EarlyStopping("val/loss", patience=settings.early_stop_patience, check_on_train_epoch_end=False)],
        to_bundle=lambda provenance: Bundle.from_acoustic(
            model, meta.features, meta.frames, mask=pixel_mask, provenance=provenance
        ),
    )
    return _run(task, dataset, execution, run, out, init, progress)


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
    settings = recipe.vocoder
    dataset = Dataset(dataset_dir)
    features = dataset.meta.features
    execution = choose_execution(device, settings.precision)
    if settings.model.hop_length != features.hop_length:
        raise ConfigError(
            f"The vocoder makes {settings.model.hop_length} samples a frame (product of upsample_rates), "
            f"but the dataset has hop_length {features.hop_length}.",
            "Choose vocoder.model.upsample_rates whose product is the dataset's hop_length.",
        )
    data, cuda, seed = settings.data, execution.cuda, settings.seed
    if data.segment_frames * features.hop_length < features.min_samples:
        least = math.ceil(features.min_samples / features.hop_length)
        raise ConfigError(
            f"Segments of {data.segment_frames} frames are too short for a mel spectrogram.",
            f"Set vocoder.data.segment_frames to {least} or more.",
        )
    train = SoundSegments(dataset, "train", data.segment_frames, seed)
    most = math.ceil(data.validation_seconds * features.frame_rate)
    validation = WholeSounds(dataset, dataset.of_split("validation"), data.segment_frames, most)
    start = None if init is None else load_init(init, "vocoder", dataset)
    torch.manual_seed(seed)
    generator = Generator(settings.model, features.n_mels)
    if start is not None:
        start_from(generator, start, "vocoder")
    run = RunFolder.open(run_dir, "vocoder", settings, dataset, resume=resume)

    sampler = EpochSampler(len(train), seed, data.crops_per_utterance)
    task = _Task(
        kind="vocoder",
        settings=settings,
        module=VocoderTraining(settings, generator, features),
        train=make_loader(
            train, data, batch_size=data.batch_size, cuda=cuda, seed=seed, sampler=sampler, by_epoch=True
        ),
        validation=make_loader(validation, data, batch_size=1, cuda=cuda, seed=seed),
        sampler=sampler,
        steps_per_batch=OPTIMIZERS,
        callbacks=[],
        to_bundle=lambda provenance: Bundle.from_vocoder(generator, features, provenance=provenance),
    )
    return _run(task, dataset, execution, run, out, init, progress)


def _run(
    task: _Task,
    dataset: Dataset,
    execution: Execution,
    run: RunFolder,
    out: Path,
    init: Path | None,
    progress: bool,
) -> TrainingSummary:
    module, settings = task.module, task.settings
    check_writable(out)  # now, not after days of training
    position = run.position()
    if position is not None:
        task.sampler.resume(position.epoch, position.batches * settings.data.batch_size)
    began, interrupted = time.perf_counter(), False
    with StopRequest() as stop, quiet():
        checkpoints = Checkpoints(run.checkpoints, stop)
        watching = RichProgressBar() if progress else ValidationLines()
        callbacks = [*task.callbacks, checkpoints, watching]
        trainer = make_trainer(settings, execution, run.path, callbacks, task.steps_per_batch)
        first_step = 0 if position is None else load_checkpoint(run.last)["global_step"] // task.steps_per_batch
        try:
            trainer.fit(module, task.train, task.validation, ckpt_path=run.last if position is not None else None)
            if checkpoints.validated_step != module.optimizer_steps and not stop.made:
                # max_steps may end the training between two validations.
                trainer.validate(module, task.validation, verbose=False)
        except (Interrupted, SystemExit):
            # SystemExit: Lightning's answer to a second Ctrl-C.
            interrupted = True
        except torch.OutOfMemoryError as error:
            raise _out_of_memory(task.kind, execution) from error
        interrupted = interrupted or stop.made
        seconds = time.perf_counter() - began
        steps = module.optimizer_steps
        summary = TrainingSummary(
            kind=task.kind,
            device=execution.name,
            precision=execution.precision,
            epochs=trainer.current_epoch,
            steps=steps,
            steps_per_second=(steps - first_step) / seconds,
            train_loss=float("nan") if module.last_train_loss is None else float(module.last_train_loss),
            final_loss=checkpoints.final_loss,
            best_loss=checkpoints.best_loss,
            best_step=checkpoints.best_step,
            metrics=checkpoints.best_metrics,
            stopped=_stop_reason(module, settings, trainer, interrupted),
            out=out,
            run_dir=run.path,
        )
        if checkpoints.best.is_file():
            module.load_state_dict(load_checkpoint(checkpoints.best)["state_dict"])
            save_bundle(task.to_bundle(_provenance(dataset, settings, summary, init)), out)
    if interrupted:
        raise KeyboardInterrupt
    return summary


def _stop_reason(
    module: AcousticTraining | VocoderTraining, settings: RunConfig, trainer: Trainer, interrupted: bool
) -> str:
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
    return UserError(
        f"{execution.name} has too little memory for this recipe.",
        f"Lower {kind}.data.{smaller} or {kind}.data.segment_frames.",
    )


def _provenance(dataset: Dataset, settings: RunConfig, summary: TrainingSummary, init: Path | None) -> dict[str, Any]:
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
        "step": summary.best_step,
        "metrics": summary.metrics,
        "device": summary.device,
    }
