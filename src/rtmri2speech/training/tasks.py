"""What is trained: the acoustic model or the vocoder, with its batches, ready to run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch import Tensor

from rtmri2speech.data.dataset.consistency import require_filelists, require_sounds
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource
from rtmri2speech.data.dataset.sound_augment import SoundAugmentConfig
from rtmri2speech.data.dataset.training_items import FrameSegments, SoundSegments, collate_pad
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.vocoder.discriminators import RESOLUTION_SAMPLES
from rtmri2speech.models.vocoder.generator import Generator
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler
from rtmri2speech.training.acoustic.compare_inference import compare_modes
from rtmri2speech.training.acoustic.module import AcousticTraining
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.loaders import EpochSampler, Loader, ShareOfBatches, WholeSounds, make_loader
from rtmri2speech.training.engine.tensorboard_examples import Example
from rtmri2speech.training.init_weights import load_init, start_from
from rtmri2speech.training.recipes import OPTIMIZERS, AcousticRecipe, LoaderConfig, VocoderRecipe
from rtmri2speech.training.vocoder.module import VocoderTraining
from rtmri2speech.training.vocoder.validation_audio import Hearing

# Validation needs no gradients: longer segments spare it most of the overlap of loose windows.
_VALIDATION_SEGMENT = 32


@dataclass(frozen=True)
class Task:
    """One training, ready to run.

    Attributes:
        kind: what is trained.
        settings: the recipe's part.
        module: the training.
        train, validation: loaders; ``sampler`` is the order of the first.
        steps_per_batch: optimiser steps of a batch.
        callbacks: that only this kind has.
        to_bundle: makes the bundle of the module's present weights and a provenance.
        measure: more metrics of the module's present weights, by name, measured on a device; what is chosen by them
            is in the bundles made later.
        mels: where mels are taken from instead of the dataset's own.
        notes: on what it starts from, for the user.
        precision: Lightning's name of that which the module uses by itself; None leaves it to Lightning.
    """

    kind: Literal["acoustic", "vocoder"]
    settings: AcousticRecipe | VocoderRecipe
    module: AcousticTraining | VocoderTraining
    train: Loader
    validation: Loader
    sampler: EpochSampler
    steps_per_batch: int
    callbacks: list[Callback]
    to_bundle: Callable[[dict[str, Any]], Bundle]
    measure: Callable[[torch.device], dict[str, float]] = lambda device: {}
    mels: MelSource | None = None
    notes: tuple[str, ...] = ()
    precision: Literal["bf16-mixed"] | None = None


class _Patience(EarlyStopping):
    """Early stopping whose patience is the recipe's, also when a run goes on with another one."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})


def acoustic_task(
    dataset: Dataset, settings: AcousticRecipe, init: Path | None, cuda: bool, processes: Processes
) -> Task:
    """The acoustic training.

    Args:
        dataset: a prepared dataset.
        settings: the recipe's part.
        init: a bundle to start from, or None.
        cuda: whether it will run on a GPU.
        processes: this one among how many.

    Raises:
        UserError: for a dataset, bundle or recipe that cannot be used.
    """
    meta, data, seed = dataset.meta, settings.data, settings.seed
    size = settings.model.ref_frames
    train = FrameSegments(dataset, "train", data.segment_frames, size)
    validation = FrameSegments(dataset, "validation", max(data.segment_frames, _VALIDATION_SEGMENT), size)
    least = min(len(train), len(validation))
    if least < processes.world:
        raise UserError(
            f"{dataset.root}: {least} segments to train on or to validate are too few for {processes.world} processes.",
            "Start fewer processes, or set acoustic.data.segment_frames lower.",
        )
    mask = dataset.pixel_mask()
    pixel_mask: Tensor | None = None if mask is None else torch.from_numpy((mask > 0).astype(np.uint8))
    statistics = MelStatistics.from_json(dataset.root / "scaler.json", meta.features.n_mels)
    start = None if init is None else load_init(init, "acoustic", dataset)
    torch.manual_seed(seed)
    model = AcousticModel(settings.model, meta.features.n_mels)
    if start is not None:
        start_from(model, start, "acoustic")
    model.scaler.load_state_dict(MelScaler.of(statistics).state_dict())
    example = Example.of(dataset, validation.segments[0][0])
    module = AcousticTraining(settings, model, pixel_mask, example)
    sampler = EpochSampler(len(train), seed)
    loader = partial(make_loader, config=data, cuda=cuda, seed=seed, processes=processes)
    module.watch.items_of = lambda step: [train.segments[i][0].id for i in _batch(sampler, data, step, processes.world)]

    def measure(device: torch.device) -> dict[str, float]:
        errors = compare_modes(model, dataset, "validation", pixel_mask, device)
        if settings.choose_inference:
            model.config = model.config.model_copy(update={"inference": min(errors, key=errors.__getitem__)})
        return {f"val/mae_db_{mode}": error for mode, error in errors.items()}

    return Task(
        kind="acoustic",
        settings=settings,
        module=module,
        train=loader(train, batch_size=data.batch_size, sampler=sampler, collate=collate_pad),
        validation=loader(validation, batch_size=data.micro_batch_size, collate=collate_pad),
        sampler=sampler,
        steps_per_batch=1,
        callbacks=[_Patience("val/loss", patience=settings.early_stop_patience, check_on_train_epoch_end=False)],
        to_bundle=lambda provenance: Bundle.from_acoustic(
            model, meta.features, meta.frames, mask=pixel_mask, provenance=provenance
        ),
        measure=measure,
    )


def vocoder_task(
    dataset: Dataset,
    settings: VocoderRecipe,
    init: Path | None,
    cuda: bool,
    processes: Processes,
    mels: MelSource | None = None,
) -> Task:
    """The vocoder's training, on the dataset's own mels or on those of ``mels``; then without changes to the sound.

    Other arguments and errors as in :func:`acoustic_task`.
    """
    left_out: tuple[str, ...] = ()
    if mels is not None and settings.data.augment.active:
        # Such mels belong to the sound as it was recorded; a recipe that changes it can still be fine-tuned with.
        settings = settings.model_copy(
            update={"data": settings.data.model_copy(update={"augment": SoundAugmentConfig()})}
        )
        left_out = (f"left out: vocoder.data.augment; the mels in {mels.folder} are of the sound as it was recorded",)
    features, data, seed = dataset.meta.features, settings.data, settings.seed
    if settings.model.hop_length != features.hop_length:
        raise ConfigError(
            f"The vocoder makes {settings.model.hop_length} samples a frame (product of upsample_rates), "
            f"but the dataset has hop_length {features.hop_length}.",
            "Choose vocoder.model.upsample_rates whose product is the dataset's hop_length.",
        )
    needed = max(features.min_samples, RESOLUTION_SAMPLES if "resolution" in settings.discriminators else 0)
    if data.segment_frames * features.hop_length < needed:
        least = math.ceil(needed / features.hop_length)
        raise ConfigError(
            f"Segments of {data.segment_frames} frames are too short for a mel spectrogram or a discriminator.",
            f"Set vocoder.data.segment_frames to {least} or more.",
        )
    require_filelists(dataset)
    require_sounds(dataset, own_mels=mels is None)
    if mels is not None:
        mels.require(dataset)
    train = SoundSegments(dataset, "train", data.segment_frames, seed, mels, data.augment)
    most = math.ceil(data.validation_seconds * features.frame_rate)
    # Validation is on what the vocoder will meet.
    met = None if mels is None else mels.folder
    validation = WholeSounds(dataset, dataset.of_split("validation"), data.segment_frames, most, met)
    if (least := min(len(train), len(validation))) < processes.world:
        raise UserError(
            f"{dataset.root}: {least} utterances to train on or to validate are too few for {processes.world} "
            "processes.",
            "Start fewer processes.",
        )
    start = None if init is None else load_init(init, "vocoder", dataset, adapt=mels is None)
    torch.manual_seed(seed)
    generator = Generator(settings.model, features.n_mels)
    notes = (*left_out, *(() if start is None else start_from(generator, start, "vocoder")))
    hearing = Hearing([item.id for item in validation.utterances], features, settings.validation_measured)
    bf16 = settings.precision == "bf16" or (settings.precision == "auto" and cuda and torch.cuda.is_bf16_supported())
    module = VocoderTraining(settings, generator, features, hearing, low_precision=bf16)
    sampler = EpochSampler(len(train), seed, data.crops_per_utterance)
    loader = partial(make_loader, config=data, cuda=cuda, seed=seed, processes=processes)
    module.watch.items_of = lambda step: [train.utterances[i].id for i in _batch(sampler, data, step, processes.world)]
    return Task(
        kind="vocoder",
        settings=settings,
        module=module,
        train=loader(train, batch_size=data.batch_size, sampler=sampler, by_epoch=True),
        validation=loader(validation, batch_size=1),
        sampler=sampler,
        steps_per_batch=OPTIMIZERS,
        callbacks=[],
        to_bundle=lambda provenance: Bundle.from_vocoder(generator, features, provenance=provenance),
        mels=mels,
        notes=notes,
        precision="bf16-mixed" if bf16 else None,
    )


def _batch(sampler: EpochSampler, data: LoaderConfig, step: int, world: int = 1) -> list[int]:
    """Indices of the items in the batch of a step, counted from 0."""
    batches = len(ShareOfBatches(sampler, data.batch_size, world=world, drop_last=data.drop_last))
    first = step % batches * data.batch_size
    return [int(place) % sampler.size for place in sampler.order(step // batches)[first : first + data.batch_size]]
