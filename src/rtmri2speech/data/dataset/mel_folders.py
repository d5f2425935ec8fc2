"""Mel spectrograms in folders of their own, a file per utterance, to fine-tune the vocoder on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, Floating
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import ln_to_db

GROUND_TRUTH = "mels_gt_log"
"""Folder of a dataset with the mels of its sound."""

PREDICTED = "mels_ft_log_normalized"
"""Folder of a dataset with an acoustic model's predictions."""

_AGAIN = "Make it again: rtmri2speech export-mels ground-truth|predicted DATASET --overwrite"


def mel_path(folder: Path, utterance: Utterance) -> Path:
    """The utterance's file in a folder of mels."""
    return folder / f"{utterance.id}.npy"


def open_ln_mel(folder: Path, utterance: Utterance, n_mels: int) -> Floating:
    """Mel of an utterance as it is stored: shape (M, T), ln(power), memory-mapped.

    Raises:
        DatasetError: when it is missing, damaged, or of another number of bands or frames than the utterance.
    """
    path = mel_path(folder, utterance)
    if not path.is_file():
        raise DatasetError(
            f"{path}: no such file, and utterance {utterance.id} needs it.",
            "Make what is missing: rtmri2speech export-mels ground-truth|predicted DATASET",
        )
    try:
        mel: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path}: damaged ({error}).", _AGAIN) from None
    if not np.issubdtype(mel.dtype, np.floating):
        raise DatasetError(f"{path}: holds {mel.dtype}, not floating-point numbers.", _AGAIN)
    if mel.shape != (n_mels, utterance.n_frames):
        raise DatasetError(
            f"{path}: has shape {mel.shape}, but the dataset has {n_mels} bands and utterance {utterance.id} "
            f"{utterance.n_frames} frames: shape {(n_mels, utterance.n_frames)}.",
            _AGAIN,
        )
    return mel


def require_ln(folder: Path, utterance: Utterance, features: FeatureConfig) -> None:
    """Make sure that a whole mel is ln(power).

    No ln mel of a sound goes below the logarithm of the floor, L, and a prediction hardly does, for no model was
    trained on less. What lies below 2 L (another 100 dB down at the default floor) is therefore no ln(power).
    Decibels are 4.3 times as large, and some of a recording's are always that low: 2 L is -46.

    Raises:
        DatasetError: when it is missing, damaged, of another shape, holds values below 2 L or such that are not
            numbers.
    """
    least = float(np.min(open_ln_mel(folder, utterance, features.n_mels), initial=0.0))
    path = mel_path(folder, utterance)
    if not math.isfinite(least):
        raise _not_numbers(path)
    floor = math.log(features.floor)
    if least < 2.0 * min(floor, 0.0):
        raise DatasetError(
            f"{path}: holds values down to {least:.0f}, but the least ln(power) at floor {features.floor:g} is "
            f"{floor:.0f}: these seem to be decibels.",
            "Give natural logarithms of power (decibels times ln(10) / 10), as export-mels writes them.",
        )


def read_mel_db(folder: Path, utterance: Utterance, n_mels: int, start: int, stop: int) -> Float32:
    """Frames ``start`` to ``stop`` of an utterance's mel, shape (stop - start, M), in dB as in the dataset.

    Raises:
        DatasetError: when it is missing, damaged, of another shape, or holds values that are not numbers.
    """
    part = np.array(open_ln_mel(folder, utterance, n_mels)[:, start:stop], dtype=np.float32)
    if not np.isfinite(part).all():
        raise _not_numbers(mel_path(folder, utterance))
    return np.ascontiguousarray(ln_to_db(part).T, dtype=np.float32)


@dataclass(frozen=True)
class MelSource:
    """Where a vocoder's training takes its mels from instead of the dataset's own.

    Attributes:
        folder: mels that the vocoder will meet, predicted ones as a rule; validation knows these only.
        extra: more mels of the same utterances, those of their sound as a rule; None without.
        extra_weight: probability that a segment's mel is taken from ``extra``.

    Raises:
        ConfigError: for a weight that is no probability.
    """

    folder: Path
    extra: Path | None = None
    extra_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.extra_weight <= 1.0:
            raise ConfigError(
                f"The weight of the extra mels is {self.extra_weight:g}, which is no probability.",
                "Choose a number from 0 to 1; the reference configuration has 0.8.",
            )

    def draw(self, seed: int, epoch: int, index: int) -> Path:
        """The folder that a segment's mel is taken from: a function of seed, epoch and index alone."""
        if self.extra is None:
            return self.folder
        # A stream of its own, so that the place of the segment does not depend on the choice, nor the choice on it.
        drawn = np.random.default_rng((seed, epoch, index, 1)).random()
        return self.extra if drawn < self.extra_weight else self.folder

    def require(self, dataset: Dataset) -> None:
        """Make sure that every mel is there, fits its utterance and is a logarithm of power.

        Raises:
            DatasetError: when a folder or a file is missing, or a file is damaged, of another shape, in decibels or
                holds values that are not numbers.
        """
        for folder, utterances in self._needed(dataset):
            if not folder.is_dir():
                raise DatasetError(f"{folder}: no such folder of mels.", _how_to_get(folder, dataset))
            for utterance in utterances:
                require_ln(folder, utterance, dataset.meta.features)

    def identity(self, dataset: Dataset) -> dict[str, Any]:
        """What distinguishes this source from others: names and contents of the folders, and the weight."""
        hashes = [
            f"{folder.name} ({hash_files(mel_path(folder, utterance) for utterance in utterances)[:16]})"
            for folder, utterances in self._needed(dataset)
        ]
        if self.extra is None:
            return {"input": hashes[0]}
        return {"input": hashes[0], "extra": hashes[1], "extra_weight": self.extra_weight}

    def _needed(self, dataset: Dataset) -> list[tuple[Path, list[Utterance]]]:
        """The folders, each with the utterances that it is read for."""
        train, validation = dataset.of_split("train"), dataset.of_split("validation")
        needed = [(self.folder, [*train, *validation])]
        return needed if self.extra is None else [*needed, (self.extra, train)]


def _not_numbers(path: Path) -> DatasetError:
    return DatasetError(f"{path}: holds values that are not numbers.", _AGAIN)


def _how_to_get(folder: Path, dataset: Dataset) -> str:
    inside = dataset.root / folder.name
    if inside.is_dir():
        return f"Did you mean {inside}?"
    if folder.name == GROUND_TRUTH:
        return f"Make it: rtmri2speech export-mels ground-truth {dataset.root}; or correct the path."
    return f"Make it: rtmri2speech export-mels predicted {dataset.root} --model MODEL; or correct the path."
