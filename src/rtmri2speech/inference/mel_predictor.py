"""Mel spectrograms that an acoustic model predicts from the frames of a dataset."""

from __future__ import annotations

from pathlib import Path

import torch

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.files import hash_files
from rtmri2speech.inference.encoder import encode_utterance, predict
from rtmri2speech.inference.requirements import require_fit
from rtmri2speech.inference.tract.way import TractWay
from rtmri2speech.models.bundle.model_file import load_bundle


class MelPredictor:
    """An acoustic model on the frames of a dataset.

    Args:
        dataset: with frames.
        model: a bundle with an acoustic model.
        device: where to run.

    Attributes:
        dataset, bundle: as opened.
        source: name of the model for files of its mels, with its hash.

    Raises:
        DatasetError: when the dataset was made from sound alone.
        BundleError: when the bundle is missing, damaged, without an acoustic model, or made for other features or
            frames than the dataset's (names the fields).
    """

    def __init__(self, dataset: Dataset, model: Path, device: torch.device | str = "cpu") -> None:
        self.dataset = dataset
        self.bundle = load_bundle(model)
        require_fit(self.bundle, dataset)
        self.source = f"model {hash_files([model])[:16]}"
        self._way = None if self.bundle.tract is None else TractWay(self.bundle, device)
        self._acoustic = None if self._way is not None else self.bundle.build_acoustic(device).fuse()
        self._mask = None if self.bundle.mask is None else self.bundle.mask.to(device)

    @property
    def seen(self) -> int | None:
        """Utterances of the dataset that the model was trained on; None when that is not known.

        Their mels are better than those of a video that the model has not seen.
        """
        if self.bundle.acoustic_dataset != self.dataset.fingerprint():
            return None
        return sum(utterance.split == "train" for utterance in self.dataset.utterances)

    def predict(self, utterance: Utterance) -> Float32:
        """Mel of an utterance's frames by the bundle's own way of inference, shape (T, M), dB.

        Raises:
            DatasetError: when the frames are missing or damaged.
        """
        if self._way is not None:
            return self._way.of_utterance(self.dataset, utterance)
        assert self._acoustic is not None
        return predict(self._acoustic, encode_utterance(self._acoustic, self.dataset, utterance, self._mask))
