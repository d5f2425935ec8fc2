"""Recorded speech with the mel that a vocoder is to make it from: of a dataset, or of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from rtmri2speech.arrays import Float32
from rtmri2speech.corpora.base import Recording
from rtmri2speech.data.dataset.layout import Dataset, Split
from rtmri2speech.data.dataset.training_items import load_sound
from rtmri2speech.errors import UserError
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.inference.model import Model
from rtmri2speech.preparation.align import MismatchPolicy
from rtmri2speech.preparation.open_recording import open_recording
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import mel_db


@dataclass(frozen=True)
class Reference:
    """Recorded speech to make again.

    Attributes:
        name: usable as a file name.
        wave: as recorded, shape (N,), N = T hop_length.
        mel_db: the mel to make it from, shape (T, M), dB: that of the wave (copy synthesis), or a prediction.
    """

    name: str
    wave: Float32
    mel_db: Float32


Found = tuple[list[Reference], list[tuple[Path, UserError]]]
"""What can be used, and what cannot, with the reason."""


def from_dataset(dataset: Dataset, split: Split, model: Path | None, device: torch.device | str = "cpu") -> Found:
    """Utterances of a split, with their own mels or those that an acoustic model predicts.

    Args:
        dataset: a prepared dataset; with ``model``, one with frames.
        split: which part.
        model: a bundle with an acoustic model, or None.
        device: where the acoustic model runs.

    Raises:
        DatasetError: when the split is empty, or frames are needed and missing.
        BundleError: when the model was made for other data (names the fields).
    """
    predictor = None if model is None else MelPredictor(dataset, model, device)
    found: list[Reference] = []
    failures: list[tuple[Path, UserError]] = []
    for row in dataset.of_split(split):
        try:
            mel, wave = load_sound(dataset, row, 0, row.n_frames)
            found.append(Reference(row.id, wave.numpy(), mel.numpy() if predictor is None else predictor.predict(row)))
        except UserError as error:
            failures.append((dataset.folder(row), error))
    return found, failures


@dataclass(frozen=True)
class VideoReader:
    """Reads videos with their sound as ``prepare`` does.

    Attributes:
        features: the mel definition.
        model: predicts the mels, where they are not to be those of the sound.
        fps: true frame rate, where the files' is known to be wrong.
        on_mismatch: what to do where sound and video end apart.
    """

    features: FeatureConfig
    model: Model | None = None
    fps: FrameRate | None = None
    on_mismatch: MismatchPolicy = "refuse"

    def read_all(self, recordings: Sequence[Recording]) -> Found:
        """All recordings; one that cannot be used does not keep the others from being read."""
        found: list[Reference] = []
        failures: list[tuple[Path, UserError]] = []
        for recording in recordings:
            try:
                found.append(self.read(recording))
            except UserError as error:
                failures.append((recording.video, error))
        return found, failures

    def read(self, recording: Recording) -> Reference:
        """A recording's sound on the feature clock, with the mel to make it from.

        Raises:
            MediaError: when video or sound is missing, damaged or silent, or they disagree in length.
            UserError: when it is too short for a mel spectrogram.
        """
        frames = FrameConfig() if self.model is None else self.model.frames
        opened = open_recording(recording, self.features, frames, fps=self.fps, on_mismatch=self.on_mismatch)
        # That of the sound is made in any case: what is too short for it cannot be compared.
        mel = mel_db(opened.samples, self.features)
        if self.model is not None:
            mel = self.model.predict_mel(opened.clip)[opened.first : opened.first + len(mel)]
        return Reference(recording.id, opened.samples, mel)
