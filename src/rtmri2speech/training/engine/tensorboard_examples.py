"""An utterance to look at and listen to in TensorBoard while the acoustic model trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from matplotlib import colormaps
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.training_items import read_frames
from rtmri2speech.inference.encoder import encode, predict
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.griffin_lim import griffin_lim
from rtmri2speech.training.engine.metrics_log import RunLog

_SECONDS = 6.0
# As in the figures: speech lies within this range below its peak.
_RANGE_DB = 70.0
_SCALE = 4  # pixels per mel band and per frame


@dataclass(frozen=True)
class TensorBoardExample:
    """The first seconds of an utterance.

    Attributes:
        name: of the utterance.
        frames: shape (T, H, W), uint8.
        mel_db: shape (T, M), dB.
        features: definition of the mel spectrogram.
    """

    name: str
    frames: UInt8
    mel_db: Float32
    features: FeatureConfig

    @classmethod
    def of(cls, dataset: Dataset, utterance: Utterance) -> Self:
        """The first seconds of an utterance."""
        features = dataset.meta.features
        most = int(_SECONDS * features.frame_rate)
        mel = np.array(dataset.mel_db(utterance)[:most])
        return cls(utterance.id, read_frames(dataset, utterance, 0, most), mel, features)

    def show(self, log: RunLog, model: AcousticModel, pixel_mask: Tensor | None, step: int) -> None:
        """Log the true and the predicted mel spectrogram, as an image and as sound (Griffin-Lim).

        Args:
            log: of the run.
            model: in eval mode.
            pixel_mask: (H, W) on the model's device, or None.
            step: optimizer steps taken.
        """
        predicted = predict(model, encode(model, [self.frames], pixel_mask))
        log.image(f"{self.name}: true above predicted", self._image(predicted), step)
        rate = self.features.sample_rate
        log.sound(f"{self.name}: predicted", griffin_lim(predicted, self.features), rate, step)
        log.sound(f"{self.name}: true", griffin_lim(self.mel_db, self.features), rate, step)

    def _image(self, predicted: Float32) -> UInt8:
        top = float(self.mel_db.max())
        gap = np.full((2, len(self.mel_db)), np.nan)
        stacked = np.concatenate([self.mel_db.T[::-1], gap, predicted.T[::-1]])
        levels = np.clip((stacked - (top - _RANGE_DB)) / _RANGE_DB, 0.0, 1.0)
        colors = colormaps["magma"](np.ma.masked_invalid(levels))[..., :3]
        return (255.0 * colors).astype(np.uint8).repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
