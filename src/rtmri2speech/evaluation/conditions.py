"""The three sounds that an utterance is judged by: the model's, copy synthesis as ceiling, the mean mel as floor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.errors import BundleError
from rtmri2speech.inference.encoder import encode_utterance
from rtmri2speech.inference.requirements import require_fit, require_synthesizer
from rtmri2speech.inference.vocoding import vocode
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.signal.mel_statistics import MelStatistics

Mel = NDArray[np.float32]
Wave = NDArray[np.float32]

Condition = Literal["model", "ceiling", "floor"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
"""What is compared with the recording: the model; its vocoder on the true mel; its vocoder on the mean mel."""


class Voices:
    """A model and a dataset, ready to make the three sounds.

    Args:
        dataset: with frames. Its training split's mean mel is the floor; without such a split, the mean that the
            acoustic model was trained with is.
        model: a bundle with both stages, of any precision.
        device: where to run.

    Raises:
        DatasetError: when ``scaler.json`` is missing or damaged.
        BundleError: when the bundle is damaged or does not fit.
    """

    def __init__(self, dataset: Dataset, model: Path, device: torch.device | str = "cpu") -> None:
        bundle = load_bundle(model)
        require_synthesizer(bundle)
        require_fit(bundle, dataset)
        self.dataset = dataset
        self.features = bundle.features
        self._device = torch.device(device)
        self._source = bundle.source
        self._acoustic = bundle.build_acoustic(self._device).fuse()
        self._vocoder = for_inference(bundle.build_vocoder(self._device))
        self._mask = None if bundle.mask is None else bundle.mask.to(self._device)
        if any(row.split == "train" for row in dataset.utterances):
            mean = MelStatistics.from_json(dataset.root / "scaler.json", self.features.n_mels).mean
        else:
            mean = self._acoustic.scaler.mean.float().cpu().numpy()
        self._mean = mean[None]

    def make(self, utterance: Utterance, true_mel: Mel) -> Iterator[tuple[Condition, Mel, Wave]]:
        """Each condition with the mel that the vocoder was given, shape (T, M) dB, and its wave, shape (N,).

        Args:
            utterance: whose frames the model sees.
            true_mel: of its recorded sound, shape (T, M), dB.

        Raises:
            BundleError: when the model makes values that are not numbers.
            DatasetError: when the frames are missing or damaged.
        """
        predicted = self.predict(utterance)
        yield "model", predicted, self._checked(self.speak(predicted), utterance)
        yield "ceiling", true_mel, self._checked(self.speak(true_mel), utterance)
        mean = np.repeat(self._mean, len(true_mel), axis=0)
        yield "floor", mean, self._checked(self._unchanging(len(true_mel)), utterance)

    @torch.inference_mode()
    def predict(self, utterance: Utterance) -> Mel:
        """Mel of an utterance's frames, shape (T, M), dB."""
        features = encode_utterance(self._acoustic, self.dataset, utterance, self._mask)
        return self._acoustic.predict(features).float().cpu().numpy()

    def speak(self, mel_db: Mel) -> Wave:
        """The vocoder's wave of a mel, (T, M) in dB to (T hop_length,)."""
        return vocode(self._vocoder, mel_db, self._device)

    def _unchanging(self, frames: int) -> Wave:
        """The wave of the mean mel, of any length for the work of a short one.

        Away from its ends the wave of a mel that never changes repeats itself every frame, because the vocoder is
        convolutions and hears no farther than ``context_frames``.
        """
        short = min(frames, 2 * self._vocoder.config.context_frames + 1)
        wave = self.speak(np.repeat(self._mean, short, axis=0))
        hop, middle = self.features.hop_length, short // 2
        period = wave[middle * hop : (middle + 1) * hop]
        return np.concatenate([wave[: middle * hop], np.tile(period, frames - short), wave[middle * hop :]])

    def _checked(self, wave: Wave, utterance: Utterance) -> Wave:
        if not np.isfinite(wave).all():
            raise BundleError(
                f"{self._source}: makes values that are not numbers of {utterance.id}.",
                "The training has come apart; use an earlier checkpoint.",
            )
        return wave
