"""Mel spectrograms that an acoustic model predicts of a dataset's videos, as files for the vocoder (memo section 3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.mel_folders import PREDICTED
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import BundleError
from rtmri2speech.inference.overlap import features_of_utterance
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.mels.export import Exported, export_mels


class MelPredictor:
    """An acoustic model that is to hear a dataset's videos.

    Args:
        dataset: with frames.
        model: a bundle with an acoustic model.
        device: where to run.

    Raises:
        DatasetError: when the dataset was made from sound alone.
        BundleError: when the bundle is missing, damaged, without an acoustic model, or made for other features or
            frames than the dataset's (names the fields).
    """

    def __init__(self, dataset: Dataset, model: Path, device: torch.device | str = "cpu") -> None:
        dataset.need_frames()
        self.dataset = dataset
        self.bundle = load_bundle(model)
        if self.bundle.frames is None:
            raise BundleError(f"{model}: holds no acoustic model.", "Give --model a bundle with an acoustic model.")
        differences = self.bundle.features.differences(dataset.meta.features)
        differences += self.bundle.frames.differences(dataset.meta.frames)
        if differences:
            raise BundleError(
                f"{model}: was made for other data than {dataset.root}: {'; '.join(differences)}.",
                "Use a model with the dataset's settings, or prepare the recordings with the model's.",
            )
        self._source = f"model {hash_files([model])[:16]}"
        self._acoustic = self.bundle.build_acoustic(device).fuse()
        self._mask = None if self.bundle.mask is None else self.bundle.mask.to(device)

    @property
    def seen(self) -> int | None:
        """Utterances of the dataset that the model was trained on; None when that is not known.

        Their mels are better than those of a video that the model has not seen.
        """
        if self.bundle.acoustic_dataset != self.dataset.fingerprint():
            return None
        return sum(utterance.split == "train" for utterance in self.dataset.utterances)

    @torch.inference_mode()
    def predict(self, utterance: Utterance) -> NDArray[np.float32]:
        """Mel of an utterance's frames by the bundle's own way of inference, shape (T, M), dB.

        Raises:
            DatasetError: when the frames are missing or damaged.
        """
        features = features_of_utterance(self._acoustic, self.dataset, utterance, self._mask)
        return self._acoustic.predict(features).float().cpu().numpy()

    def export(
        self,
        folder: Path | None = None,
        *,
        overwrite: bool = False,
        on_start: Callable[[int], None] = lambda total: None,
        on_frames: Callable[[int], None] = lambda count: None,
    ) -> Exported:
        """Write the predicted mels of all utterances; files of another model are made again.

        Args:
            folder: where to write; by default the dataset's ``mels_ft_log_normalized``.
            overwrite, on_start, on_frames: as in :func:`rtmri2speech.training.mels.export.export_mels`.

        Raises:
            UserError: as there.
        """
        out = folder or self.dataset.root / PREDICTED
        return export_mels(
            self.dataset,
            out,
            self._source,
            self.predict,
            overwrite=overwrite,
            on_start=on_start,
            on_frames=on_frames,
        )
