"""The three sounds made for an utterance: the model's, copy synthesis as ceiling, the mean mel as floor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.inference.encoder import encode_utterance, predict
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.requirements import require_fit, require_numbers, require_synthesizer
from rtmri2speech.signal.mel_statistics import MelStatistics

Condition = Literal["model", "ceiling", "floor"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
"""What is compared with the recording: the model; its vocoder on the true mel; its vocoder on the mean mel."""


class Conditions:
    """A model and a dataset, ready to make the three sounds.

    Args:
        dataset: with frames. Its training split's mean mel is the floor; without such a split, the mean that the
            acoustic model was trained with is.
        model: with both stages.

    Raises:
        DatasetError: when ``scaler.json`` is missing or damaged.
        BundleError: when the model is damaged or does not fit.
    """

    def __init__(self, dataset: Dataset, model: Model) -> None:
        require_synthesizer(model.bundle)
        require_fit(model.bundle, dataset)
        self.dataset = dataset
        self.model = model
        if any(row.split == "train" for row in dataset.utterances):
            mean = MelStatistics.from_json(dataset.root / "scaler.json", model.features.n_mels).mean
        else:
            network = model.acoustic if model.bundle.tract is None else model.tract_way.model
            mean = network.scaler.mean.float().cpu().numpy()
        self._mean = mean[None]
        # The floor's wave for so many frames: of one length for all but the shortest utterances.
        self._shortened: dict[int, Float32] = {}

    def make(self, utterance: Utterance, true_mel: Float32) -> Iterator[tuple[Condition, Float32, Float32]]:
        """Each condition with the mel that the vocoder was given, shape (T, M) dB, and its wave, shape (N,).

        Args:
            utterance: whose frames the model reads.
            true_mel: of its recorded sound, shape (T, M), dB.

        Raises:
            BundleError: when the model makes values that are not numbers.
            DatasetError: when the frames are missing or damaged.
        """
        source = self.model.bundle.source
        predicted = require_numbers(self.predict(utterance), source, utterance.id)
        yield "model", predicted, require_numbers(self.model.vocode(predicted), source, utterance.id)
        yield "ceiling", true_mel, require_numbers(self.model.vocode(true_mel), source, utterance.id)
        mean = np.repeat(self._mean, len(true_mel), axis=0)
        yield "floor", mean, require_numbers(self._constant(len(true_mel)), source, utterance.id)

    def predict(self, utterance: Utterance) -> Float32:
        """Mel of an utterance's frames, shape (T, M), dB."""
        if self.model.bundle.tract is not None:
            return self.model.tract_way.of_utterance(self.dataset, utterance)
        acoustic = self.model.acoustic
        features = encode_utterance(acoustic, self.dataset, utterance, self.model.pixel_mask, self.model.encoder)
        return predict(acoustic, features)

    def _constant(self, frames: int) -> Float32:
        """The wave of the mean mel for so many frames, at the cost of a few, once for all utterances.

        Away from its ends the wave of a constant mel repeats itself every frame, because the vocoder consists of
        convolutions and reads no farther than ``context_frames``. One with a source of its own goes on changing.
        """
        if self.model.vocoder.source is not None:
            return self.model.vocode(np.repeat(self._mean, frames, axis=0))
        short = min(frames, 2 * self.model.vocoder.config.context_frames + 1)
        if short not in self._shortened:
            self._shortened[short] = self.model.vocode(np.repeat(self._mean, short, axis=0))
        wave = self._shortened[short]
        hop, middle = self.model.features.hop_length, short // 2
        period = wave[middle * hop : (middle + 1) * hop]
        return np.concatenate([wave[: middle * hop], np.tile(period, frames - short), wave[middle * hop :]])
