"""Training recipes: every setting of all models' training, typed, from YAML with dotted overrides.

Defaults are the values of the reference configuration (docs/reference/memo.md).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from rtmri2speech.assets import recipes
from rtmri2speech.config import Config, apply_overrides, read_yaml
from rtmri2speech.data.dataset.sound_augment import SoundAugmentConfig
from rtmri2speech.errors import ConfigError
from rtmri2speech.models.acoustic import AcousticConfig
from rtmri2speech.models.vocoder.discriminators import DiscriminatorName
from rtmri2speech.models.vocoder.generator import VocoderConfig
from rtmri2speech.training.acoustic.augment import AugmentConfig
from rtmri2speech.training.losses import AcousticLossConfig
from rtmri2speech.training.run_config import AdamConfig, Decay, GraphRunConfig, LoaderConfig, Precision, half_cosine
from rtmri2speech.training.segmenter.recipe import SegmenterRecipe
from rtmri2speech.training.tract.recipe import TractRecipe

Overrides: TypeAlias = Sequence[str] | Mapping[str, Any] | None
"""Settings over a recipe's: ``["acoustic.optimizer.lr=1e-4"]``, or a mapping with dotted or nested names."""


class AcousticDataConfig(LoaderConfig):
    """Batches of the acoustic model's training."""

    segment_frames: int = Field(4, ge=1, description="frames per segment; the window's length gives single windows")
    micro_batch_size: int = Field(4, ge=1, description="segments per pass; gradients add up to the whole batch's")
    augment: AugmentConfig = Field(default_factory=AugmentConfig, description="changes to the frames in training")


class VocoderDataConfig(LoaderConfig):
    """Batches of the vocoder's training."""

    segment_frames: int = Field(20, ge=1, description="mel frames per segment of sound")
    augment: SoundAugmentConfig = Field(default_factory=SoundAugmentConfig, description="changes to the sound")
    crops_per_utterance: int = Field(1, ge=1, description="segments drawn from each utterance per epoch")
    validation_seconds: float = Field(10.0, gt=0, description="validation utterances are synthesized up to this length")


class VocoderAdamConfig(AdamConfig):
    """Optimizer of the vocoder, for the generator and the discriminators alike."""

    lr: float = Field(5e-5, gt=0, description="learning rate")
    betas: tuple[Decay, Decay] = Field((0.8, 0.99), description="decay of the two moments")
    weight_decay: float = Field(0.0, ge=0, description="decoupled weight decay; 0 is plain Adam")


class SchedulerConfig(Config):
    """Learning rate over time: ReduceLROnPlateau on the validation loss, or half a cosine over the steps."""

    kind: Literal["plateau", "cosine"] = Field(
        "plateau", description="what lowers the learning rate; cosine: max_steps alone, down to 0"
    )
    factor: float = Field(0.5, gt=0, lt=1, description="factor of the learning rate on a plateau")
    patience: int = Field(5, ge=0, description="validations without improvement before the rate is lowered")
    min_lr: float = Field(1e-6, ge=0, description="smallest learning rate; training stops when it is reached")
    warmup_steps: int = Field(0, ge=0, description="first steps, over which the learning rate rises to its value")


class AcousticRecipe(GraphRunConfig):
    """Training of the acoustic model (reference configuration, section 2)."""

    model: AcousticConfig = Field(default_factory=AcousticConfig, description="the network")
    data: AcousticDataConfig = Field(default_factory=AcousticDataConfig, description="batches")
    optimizer: AdamConfig = Field(default_factory=AdamConfig, description="AdamW")
    scheduler: SchedulerConfig = Field(default_factory=SchedulerConfig, description="learning rate over time")
    loss: AcousticLossConfig = Field(default_factory=AcousticLossConfig, description="the loss")
    clip_norm: float = Field(1.0, gt=0, description="largest norm of the gradient")
    early_stop_patience: int = Field(20, ge=1, description="validations without improvement that end the run")
    choose_inference: bool = Field(
        True, description="at the end, put the way of inference with the least validation error into the model"
    )
    checkpoint_segments: int = Field(
        0, ge=0, description="parts of the CNN backbone computed again for the gradient, to save memory; 0: none"
    )
    precision: Precision = Field("auto", description="auto: bf16 on a GPU that has it, else fp16; fp32 on a CPU")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.data.segment_frames < self.model.ref_frames:
            raise ValueError(
                f"data.segment_frames {self.data.segment_frames} is less than a window of "
                f"model.ref_frames {self.model.ref_frames}"
            )
        if self.data.micro_batch_size > self.data.batch_size:
            raise ValueError(
                f"data.micro_batch_size {self.data.micro_batch_size} exceeds data.batch_size {self.data.batch_size}"
            )
        if self.rate_depends_on_max_steps and self.max_steps is None:
            raise ValueError("scheduler.kind cosine needs max_steps")
        return self

    @property
    def rate_depends_on_max_steps(self) -> bool:
        """Whether the schedule is a cosine."""
        return self.scheduler.kind == "cosine"

    def rate(self, step: int) -> float | None:
        """Learning rate of an optimizer step, counted from 0; None where the validation loss decides."""
        warm = min((step + 1) / self.scheduler.warmup_steps, 1.0) if self.scheduler.warmup_steps else 1.0
        if self.rate_depends_on_max_steps:
            assert self.max_steps is not None
            return self.optimizer.lr * warm * half_cosine(step / self.max_steps)
        return self.optimizer.lr * warm if step < self.scheduler.warmup_steps else None


OPTIMIZERS = 2
"""Optimizer steps per batch of the vocoder (generator, discriminators); Lightning counts both in ``global_step``."""


class VocoderLossConfig(Config):
    """Weights of the generator's losses (HiFi-GAN eq. 5; reference configuration, section 3)."""

    adversarial: float = Field(1.0, ge=0, description="least-squares adversarial loss")
    feature: float = Field(2.0, ge=0, description="feature matching")
    mel: float = Field(45.0, ge=0, description="mean absolute error of ln(mel power)")
    multi_scale_mel: float = Field(
        0.0, ge=0, description="mean absolute error of ln(mel magnitude) at five transform lengths"
    )
    pitch: float = Field(
        1.0, ge=0, description="error of F0, octaves, and cross-entropy of voicing, with a harmonic source"
    )


class VocoderRecipe(GraphRunConfig):
    """Training of the vocoder (reference configuration, section 3)."""

    model: VocoderConfig = Field(default_factory=VocoderConfig, description="the generator")
    discriminators: tuple[DiscriminatorName, ...] = Field(
        ("period", "scale"), min_length=1, description="families: period, scale (HiFi-GAN), resolution (UnivNet)"
    )
    discriminator_divisor: int = Field(1, ge=1, description="divides the discriminators' channels; 1 is the papers'")
    discriminator_start: int = Field(
        0, ge=0, description="first steps, in which the generator does not learn from the discriminators yet"
    )
    data: VocoderDataConfig = Field(default_factory=VocoderDataConfig, description="batches")
    optimizer: VocoderAdamConfig = Field(default_factory=VocoderAdamConfig, description="Adam")
    lr_decay: float = Field(0.999, gt=0, le=1, description="factor of the learning rate per epoch or step")
    lr_schedule: Literal["epoch", "step", "cosine"] = Field(
        "epoch", description="when lr_decay applies; cosine: a fall to 0 over max_steps instead"
    )
    clip_norm: float | None = Field(None, gt=0, description="largest norm of each optimizer's gradient; none: any")
    loss: VocoderLossConfig = Field(default_factory=VocoderLossConfig, description="weights of the losses")
    search_kernels: bool = Field(
        True,
        description="with cuda_graph: try all algorithms first; half a minute, then an eighth more steps per second",
    )
    validation_measured: int = Field(
        8, ge=0, description="validation utterances whose STOI, PESQ, STFT distance and F0 error are measured"
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "fp32", description="of the discriminators, everything else is fp32; auto: bf16 on a GPU that has it"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.rate_depends_on_max_steps and self.max_steps is None:
            raise ValueError("lr_schedule cosine needs max_steps")
        if len(set(self.discriminators)) != len(self.discriminators):
            raise ValueError("discriminators names a family twice")
        return self

    @property
    def rate_depends_on_max_steps(self) -> bool:
        """Whether the schedule is a cosine."""
        return self.lr_schedule == "cosine"

    def rate(self, step: int, epoch: int) -> float:
        """Learning rate of an optimizer step; step and epoch are counted from 0."""
        if self.rate_depends_on_max_steps:
            assert self.max_steps is not None
            return self.optimizer.lr * half_cosine(step / self.max_steps)
        rate: float = self.optimizer.lr * self.lr_decay ** (epoch if self.lr_schedule == "epoch" else step)
        return rate


class Recipe(Config):
    """One file for all models."""

    description: str = Field("", description="one line for the list of recipes")
    acoustic: AcousticRecipe = Field(default_factory=AcousticRecipe, description="train acoustic")
    tract: TractRecipe = Field(default_factory=TractRecipe, description="train acoustic, of kind tract")
    vocoder: VocoderRecipe = Field(default_factory=VocoderRecipe, description="train vocoder")
    segmenter: SegmenterRecipe = Field(default_factory=SegmenterRecipe, description="train segmenter")


def load_recipe(recipe: Recipe | Path | str, overrides: Overrides = None) -> Recipe:
    """Load a shipped recipe by name, or a YAML file by path, with overrides applied.

    Keys that the file leaves out have the values of the reference configuration.

    Args:
        recipe: ``memo``, or ``my/recipe.yaml``, or a recipe that is loaded already.
        overrides: dotted names from the recipe's root with values: ``["acoustic.optimizer.lr=1e-4"]``,
            ``{"acoustic.optimizer.lr": 1e-4}`` or ``{"acoustic": {"optimizer": {"lr": 1e-4}}}``.

    Raises:
        ConfigError: for an unknown recipe, an unknown key (with the nearest known one) or an impossible value.
    """
    changes = list(_as_text(overrides)) if isinstance(overrides, Mapping) else list(overrides or ())
    if isinstance(recipe, Recipe):
        name, values = "the recipe", recipe.model_dump(mode="json", exclude_unset=True)
        if not changes:
            return recipe
    else:
        name, values = f"recipe {recipe}", read_yaml(_find(recipe))
    return Recipe.parse(apply_overrides(values, changes), name + (" with `overrides`" if changes else ""))


def _as_text(overrides: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Overrides as on a command line, ``name=value``; JSON is YAML."""
    for name, value in overrides.items():
        if isinstance(value, Mapping):
            yield from _as_text(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={json.dumps(value, default=str)}"


def _find(name_or_path: str | Path) -> Path:
    shipped = recipes()
    name = str(name_or_path)
    if name in shipped:
        return shipped[name]
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix.lower() in (".yaml", ".yml") and path.stem not in shipped:
        raise ConfigError(f"{path}: no such recipe file.", f"Check the path, or name one of: {', '.join(shipped)}.")
    near = difflib.get_close_matches(path.stem, shipped, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise ConfigError(
        f"Unknown recipe '{name}'.", f"{hint}Recipes that come with the program: {', '.join(shipped)}; or give a path."
    )
