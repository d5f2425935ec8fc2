"""Settings of the segmenter's training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from rtmri2speech.config import Config
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.models.segmenter import SegmenterConfig
from rtmri2speech.training.run_config import AdamConfig, TimedRunConfig

# Thin classes are a few hundred pixels of 36,864. More weight would push their borders outward.
_WEIGHTS = {
    **{"background": 0.7, "upper_lip": 1.5, "lower_lip": 1.5, "hard_palate": 1.5, "velum": 1.5},
    **{"pharyngeal_wall": 1.5, "epiglottis": 2.0},
}


class SegmenterDataConfig(Config):
    """What is drawn into a batch."""

    batch_size: int = Field(64, ge=1, description="frames per batch, over all processes")
    look: str = Field("random", description="look of simulated frames: one that ships, or a YAML file")
    people_look: str = Field("random", description="look of labeled frames of people")
    people_share: float = Field(0.5, ge=0, le=1, description="share of a batch that is frames of people, if any")
    people_frames: int | None = Field(None, ge=1, description="most frames of people used, evenly spread; none: all")
    start_labels: float | None = Field(
        None,
        gt=0,
        le=1,
        description="with a start, in frames of people: what their annotation leaves open has the start's own label "
        "where it is so sure of it; none: stays open",
    )
    clip_frames: int = Field(40, ge=1, description="frames taken of each simulated utterance, evenly spread")
    held_out: float = Field(0.1, gt=0, lt=1, description="share of the heads of poses that are kept for validation")
    held_out_heads: tuple[str, ...] = Field((), description="names of those heads instead of a share")
    validation_frames: int = Field(256, ge=1, description="simulated frames validated on, each with a look of its own")


class SegmenterAdamConfig(AdamConfig):
    """Optimizer of the segmenter."""

    lr: float = Field(2e-3, gt=0, description="learning rate")
    weight_decay: float = Field(1e-2, ge=0, description="decoupled weight decay")


class SegmenterLossConfig(Config):
    """Cross entropy and soft Dice."""

    cross_entropy: float = Field(1.0, ge=0, description="weight of the cross entropy")
    dice: float = Field(1.0, ge=0, description="weight of 1 - soft Dice, the mean over classes")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread over all classes")
    class_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        _WEIGHTS, description="weights of classes in the cross entropy, 1 for those left out"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        unknown = self.class_weights.keys() - CLASSES.keys()
        if unknown:
            raise ValueError(f"class_weights: no class is named {', '.join(sorted(unknown))}; {', '.join(CLASSES)} are")
        if not self.cross_entropy and not self.dice:
            raise ValueError("cross_entropy and dice are both 0")
        return self

    def weights(self) -> list[float]:
        """Weight of every class, in the order of the logits."""
        given: Mapping[str, float] = self.class_weights
        return [given.get(name, 1.0) for name in CLASSES]


class SegmenterRecipe(TimedRunConfig):
    """Training of the segmenter."""

    model: SegmenterConfig = Field(default_factory=SegmenterConfig, description="the network")
    data: SegmenterDataConfig = Field(default_factory=SegmenterDataConfig, description="batches")
    optimizer: SegmenterAdamConfig = Field(default_factory=SegmenterAdamConfig, description="AdamW")
    loss: SegmenterLossConfig = Field(default_factory=SegmenterLossConfig, description="the loss")
    max_epochs: int = Field(4500, ge=1, description="largest number of groups of epoch_steps steps")
    freeze_norm: bool = Field(False, description="keep BatchNorm's statistics as they are, for few frames")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        size, multiple = self.model.size, self.model.multiple
        if size % multiple:
            raise ValueError(f"model.size {size} is no multiple of {multiple}, which {self.model.widths} need")
        if self.model.classes != tuple(CLASSES):
            raise ValueError(f"model.classes differs from {', '.join(CLASSES)}")
        return self
