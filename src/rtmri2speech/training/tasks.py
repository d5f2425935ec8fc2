"""Build what is trained from a recipe and a dataset: the module, its loaders, and how its bundle is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from rtmri2speech.models.acoustic import AcousticModel, Inference
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.vocoder.discriminators import RESOLUTION_SAMPLES
from rtmri2speech.models.vocoder.generator import Generator
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import clock_in_words, upsampling, upsampling_kernels
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler
from rtmri2speech.training.acoustic.compare_inference import compare_modes
from rtmri2speech.training.acoustic.module import AcousticTraining
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.loaders import EpochSampler, Loader, ShareOfBatches, WholeSounds, make_loader
from rtmri2speech.training.engine.tensorboard_examples import TensorBoardExample
from rtmri2speech.training.init_weights import load_init, start_from
from rtmri2speech.training.recipes import OPTIMIZERS, AcousticRecipe, VocoderRecipe
from rtmri2speech.training.run_config import LoaderConfig
from rtmri2speech.training.segmenter.module import SegmenterTraining
from rtmri2speech.training.segmenter.recipe import SegmenterRecipe
from rtmri2speech.training.tract.module import TractTraining
from rtmri2speech.training.tract.recipe import TractRecipe
from rtmri2speech.training.vocoder.module import VocoderTraining
from rtmri2speech.training.vocoder.pitch_targets import SoundsWithPitch
from rtmri2speech.training.vocoder.validation_audio import ValidationAudio

# Validation needs no gradients: longer segments avoid most of the overlap of single windows.
_VALIDATION_SEGMENT = 32


@dataclass(frozen=True)
class FinalMeasures:
    """What is measured once, with the best weights.

    Attributes:
        metrics: by name.
        inference: the way of inference to put into the bundle; None leaves the recipe's.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    inference: Inference | None = None


def _nothing_more(device: torch.device) -> FinalMeasures:
    return FinalMeasures()


@dataclass(frozen=True)
class Task:
    """What is trained, ready to run.

    Attributes:
        kind: which model.
        settings: the recipe's part.
        module: networks, losses and optimizers.
        train, validation: loaders; ``sampler`` is the order of the first.
        steps_per_batch: optimizer steps per batch.
        callbacks: that only this kind has.
        to_bundle: makes the bundle from the module's present weights, a provenance and final measures.
        measure: measures the module's present weights on a device; changes nothing.
        mels: where mels are taken from instead of the dataset's own.
        notes: on what it starts from, for the user.
        precision: Lightning's name of the precision that the module chooses by itself; None leaves it to Lightning.
        half: whether the bundle holds matrices in half precision.
        start_counts: whether the model that it starts from is validated before the first step, and written where no
            step is better.
    """

    kind: Literal["acoustic", "tract", "vocoder", "segmenter"]
    settings: AcousticRecipe | TractRecipe | VocoderRecipe | SegmenterRecipe
    module: AcousticTraining | TractTraining | VocoderTraining | SegmenterTraining
    train: Loader
    validation: Loader
    sampler: EpochSampler
    steps_per_batch: int
    callbacks: list[Callback]
    to_bundle: Callable[[dict[str, Any], FinalMeasures], Bundle]
    measure: Callable[[torch.device], FinalMeasures] = _nothing_more
    mels: MelSource | None = None
    notes: tuple[str, ...] = ()
    precision: Literal["bf16-mixed"] | None = None
    half: bool = False
    start_counts: bool = False


class _Patience(EarlyStopping):
    """Early stopping with the recipe's patience, even if a resumed run had another one before."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})


def acoustic_task(
    dataset: Dataset, settings: AcousticRecipe, init: Path | None, cuda: bool, processes: Processes
) -> Task:
    """The acoustic model on a dataset.

    Args:
        dataset: a prepared dataset.
        settings: the recipe's part.
        init: a bundle to start from, or None.
        cuda: whether it will run on a GPU.
        processes: how many there are, and which one this is.

    Raises:
        UserError: for a dataset, bundle or recipe that cannot be used.
    """
    meta, data, seed = dataset.meta, settings.data, settings.seed
    size = settings.model.ref_frames
    views = settings.model.views
    train = FrameSegments(dataset, "train", data.segment_frames, size, views)
    validation = FrameSegments(dataset, "validation", max(data.segment_frames, _VALIDATION_SEGMENT), size, views)
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
    example = TensorBoardExample.of(dataset, validation.segments[0][0])
    sampler = EpochSampler(len(train), seed)
    names = [utterance.id for utterance, *_ in train.segments]
    items_of = _items_by_step(sampler, data, processes.world, names)
    module = AcousticTraining(settings, model, pixel_mask, example, items_of)
    loader = partial(make_loader, config=data, cuda=cuda, seed=seed, processes=processes)

    def measure(device: torch.device) -> FinalMeasures:
        errors = compare_modes(model, dataset, "validation", pixel_mask, device)
        best = min(errors.items(), key=lambda item: item[1])[0] if settings.choose_inference else None
        return FinalMeasures({f"val/mae_db_{mode}": error for mode, error in errors.items()}, best)

    def to_bundle(provenance: dict[str, Any], measures: FinalMeasures) -> Bundle:
        bundle = Bundle.from_acoustic(model, meta.features, meta.frames, mask=pixel_mask, provenance=provenance)
        if measures.inference is None:
            return bundle
        return replace(bundle, acoustic=model.config.model_copy(update={"inference": measures.inference}))

    return Task(
        kind="acoustic",
        settings=settings,
        module=module,
        train=loader(train, batch_size=data.batch_size, sampler=sampler, collate=collate_pad),
        validation=loader(validation, batch_size=data.micro_batch_size, collate=collate_pad),
        sampler=sampler,
        steps_per_batch=1,
        callbacks=[_Patience("val/loss", patience=settings.early_stop_patience, check_on_train_epoch_end=False)],
        to_bundle=to_bundle,
        measure=measure,
        notes=_without_shipped_vocoder(dataset),
    )


def vocoder_task(
    dataset: Dataset,
    settings: VocoderRecipe,
    init: Path | None,
    cuda: bool,
    processes: Processes,
    mels: MelSource | None = None,
) -> Task:
    """The vocoder on a dataset.

    Args:
        dataset: a prepared dataset.
        settings: the recipe's part.
        init: a bundle or a HiFi-GAN checkpoint to start from, or None.
        cuda: whether it will run on a GPU.
        processes: how many there are, and which one this is.
        mels: where to take mels from instead of the dataset's own; the sound is then not augmented.

    Raises:
        UserError: for a dataset, bundle, recipe or mels that cannot be used.
    """
    left_out: tuple[str, ...] = ()
    if mels is not None and settings.data.augment.active:
        # Such mels belong to the sound as it was recorded; a recipe that augments it can still be used to fine-tune.
        settings = settings.model_copy(
            update={"data": settings.data.model_copy(update={"augment": SoundAugmentConfig()})}
        )
        left_out = (f"left out: vocoder.data.augment; the mels in {mels.folder} are of the sound as it was recorded",)
    features, data, seed = dataset.meta.features, settings.data, settings.seed
    _require_upsampling(settings, features)
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
    # Validation is on what the vocoder will receive.
    folder = None if mels is None else mels.folder
    validation = WholeSounds(dataset, dataset.of_split("validation"), data.segment_frames, most, folder)
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
    audio = ValidationAudio([item.id for item in validation.utterances], features, settings.validation_measured)
    bf16 = settings.precision == "bf16" or (settings.precision == "auto" and cuda and torch.cuda.is_bf16_supported())
    sampler = EpochSampler(len(train), seed, data.crops_per_utterance)
    items_of = _items_by_step(sampler, data, processes.world, [item.id for item in train.utterances])
    module = VocoderTraining(settings, generator, features, audio, low_precision=bf16, items_of=items_of)
    loader = partial(make_loader, config=data, cuda=cuda, seed=seed, processes=processes)
    with_pitch = settings.model.source == "harmonic"
    items = SoundsWithPitch(train, features.sample_rate, features.hop_length) if with_pitch else train
    return Task(
        kind="vocoder",
        settings=settings,
        module=module,
        train=loader(items, batch_size=data.batch_size, sampler=sampler, by_epoch=True),
        validation=loader(validation, batch_size=1),
        sampler=sampler,
        steps_per_batch=OPTIMIZERS,
        callbacks=[],
        to_bundle=lambda provenance, _: Bundle.from_vocoder(generator, features, provenance=provenance),
        mels=mels,
        notes=notes,
        precision="bf16-mixed" if bf16 else None,
    )


def _without_shipped_vocoder(dataset: Dataset) -> tuple[str, ...]:
    """A word where the acoustic model will need a vocoder of its own, said before hours are spent on it."""
    features, shipped = dataset.meta.features, FeatureConfig()
    if (features.sample_rate, features.hop_length) == (shipped.sample_rate, shipped.hop_length):
        return ()
    settings = _upsampling_of(features)
    train = f"train one on it too: rtmri2speech train vocoder {dataset.root} --init phantom --set {settings}"
    advice = train if settings else ". ".join(_no_upsampling(features))
    return (
        f"the vocoders that come with the program make {clock_in_words(shipped)} and do not fit this dataset of "
        f"{clock_in_words(features)}: {advice}",
    )


def _require_upsampling(settings: VocoderRecipe, features: FeatureConfig) -> None:
    """Refuse a vocoder that makes another number of samples per frame than a dataset has."""
    made, hop = settings.model.hop_length, features.hop_length
    if made == hop:
        return
    if (values := _upsampling_of(features)) is None:
        problem, remedy = _no_upsampling(features)
        raise ConfigError(f"The dataset has hop_length {hop}: {problem}.", remedy)
    raise ConfigError(
        f"The vocoder makes {made} samples per frame (product of upsample_rates), but the dataset has "
        f"hop_length {hop}.",
        "Choose vocoder.model.upsample_rates whose product is the dataset's hop_length: "
        f"rtmri2speech train vocoder DATASET --set {values}",
    )


def _upsampling_of(features: FeatureConfig) -> str | None:
    """The settings of a vocoder for a mel spectrogram; None where no upsampling makes its hop length."""
    factors = upsampling(features.hop_length)
    if factors is None:
        return None
    values = {"upsample_rates": factors, "upsample_kernels": upsampling_kernels(factors)}
    return " ".join(f'"vocoder.model.{name}={list(value)}"'.replace(", ", ",") for name, value in values.items())


def _no_upsampling(features: FeatureConfig) -> tuple[str, str]:
    """Problem and remedy where no upsampling makes a hop length."""
    rate = float(features.frame_rate)
    return (
        f"no vocoder upsamples by {features.hop_length}, which has a prime factor above 11",
        f"Prepare the recordings again: rtmri2speech prepare VIDEOS --frame-rate {rate:.7g} --out DIR",
    )


def _items_by_step(
    sampler: EpochSampler, data: LoaderConfig, world: int, names: Sequence[str]
) -> Callable[[int], list[str]]:
    """Names of the items in the batch of a step, counted from 0.

    Args:
        sampler: order of the items.
        data: size of the batches.
        world: number of processes.
        names: of all items.
    """
    batches = len(ShareOfBatches(sampler, data.batch_size, world=world, drop_last=data.drop_last))

    def items_of(step: int) -> list[str]:
        first = step % batches * data.batch_size
        places = sampler.order(step // batches)[first : first + data.batch_size]
        return [names[int(place) % sampler.size] for place in places]

    return items_of
