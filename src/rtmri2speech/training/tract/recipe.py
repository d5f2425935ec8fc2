"""Settings of the tract model's training."""

from __future__ import annotations

from pydantic import Field

from rtmri2speech.config import Config
from rtmri2speech.models.tract.acoustic import TractAcousticConfig
from rtmri2speech.training.run_config import AdamConfig, TimedRunConfig


class TractAugmentConfig(Config):
    """Changes to measured tracts in training, beyond the looks that they were measured under."""

    distance: float = Field(0.2, ge=0, description="deviation of a smooth factor of distances, per recording")
    frame_distance: float = Field(0.1, ge=0, description="the same, per frame")
    formant: float = Field(0.08, ge=0, description="deviation of a factor of each tube formant, per recording")
    measure_mm: float = Field(1.5, ge=0, description="deviation of an offset of each measure, mm, per recording")
    size: float = Field(0.03, ge=0, description="deviation of a factor of all lengths, per recording")
    unknown_size: float = Field(0.5, ge=0, le=1, description="share of recordings whose pixels' size is estimated")
    stretch: float = Field(0.12, ge=0, lt=0.9, description="largest change of tempo, either way")
    lost_frames: float = Field(0.02, ge=0, lt=1, description="share of frames in which nothing could be measured")
    lost_groups: float = Field(0.04, ge=0, lt=1, description="probability that a group of inputs is missing throughout")


class TractDataConfig(Config):
    """What is drawn into a batch."""

    batch_size: int = Field(32, ge=1, description="utterances per batch")
    segment_frames: int = Field(256, ge=8, description="most frames of an utterance in a batch")
    least_known: float = Field(0.5, ge=0, le=1, description="looks in which fewer frames show a tract are left out")
    augment: TractAugmentConfig = Field(default_factory=TractAugmentConfig, description="changes to the tracts")


class TractLossConfig(Config):
    """Weights of the losses."""

    mel: float = Field(1.0, ge=0, description="mean absolute error of the scaled mel")
    mel_delta: float = Field(0.5, ge=0, description="the same of its differences from frame to frame")
    f0: float = Field(1.0, ge=0, description="mean absolute error of log F0 by the recording's mean, voiced frames")
    base: float = Field(0.2, ge=0, description="absolute error of the logarithm of that mean")
    voicing: float = Field(0.3, ge=0, description="cross entropy of voicing")
    loudness: float = Field(0.02, ge=0, description="mean absolute error of the level, dB")
    formants: float = Field(1.0, ge=0, description="mean absolute error of the logarithms of F1 to F4, voiced frames")


class TractAdamConfig(AdamConfig):
    """Optimizer of the tract model."""

    lr: float = Field(1e-3, gt=0, description="learning rate")
    weight_decay: float = Field(1e-2, ge=0, description="decoupled weight decay")


class TractRecipe(TimedRunConfig):
    """Training of the acoustic model that reads a measured tract."""

    model: TractAcousticConfig = Field(default_factory=TractAcousticConfig, description="the network")
    data: TractDataConfig = Field(default_factory=TractDataConfig, description="batches")
    optimizer: TractAdamConfig = Field(default_factory=TractAdamConfig, description="AdamW")
    loss: TractLossConfig = Field(default_factory=TractLossConfig, description="weights of the losses")
    own_voice: float = Field(
        0.3, ge=0, le=1, description="share of utterances whose mel is made with the predicted voice, not the true one"
    )
    max_epochs: int = Field(4500, ge=1, description="largest number of groups of epoch_steps steps")
    max_steps: int = Field(3000, ge=1, description="optimizer steps, over which the learning rate falls to 0")
