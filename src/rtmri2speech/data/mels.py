"""Mel spectrograms in folders of their own, a file an utterance, to fine-tune the vocoder on (memo section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.files import hash_files
from rtmri2speech.data.layout import Dataset, Utterance
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.mel import ln_to_db

GROUND_TRUTH = "mels_gt_log"
"""Folder of a dataset with the mels of its sound."""

PREDICTED = "mels_ft_log_normalized"
"""Folder of a dataset with an acoustic model's predictions."""


def mel_path(folder: Path, utterance: Utterance) -> Path:
    """The utterance's file in a folder of mels."""
    return folder / f"{utterance.id}.npy"


def open_ln_mel(folder: Path, utterance: Utterance, n_mels: int) -> NDArray[np.floating]:
    """Mel of an utterance as it is stored: shape (M, T), ln(power), memory-mapped.

    Raises:
        DatasetError: when it is missing, damaged, or of another number of bands or frames than the utterance.
    """
    path = mel_path(folder, utterance)
    again = "Make it again: rtmri2speech export-mels ground-truth|predicted DATASET --overwrite"
    if not path.is_file():
        raise DatasetError(
            f"{path}: no such file, and utterance {utterance.id} needs it.",
            "Make what is missing: rtmri2speech export-mels ground-truth|predicted DATASET",
        )
    try:
        mel: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path}: damaged ({error}).", again) from None
    if not np.issubdtype(mel.dtype, np.floating):
        raise DatasetError(f"{path}: holds {mel.dtype}, not floating-point numbers.", again)
    if mel.shape != (n_mels, utterance.n_frames):
        raise DatasetError(
            f"{path}: has shape {mel.shape}, but the dataset has {n_mels} bands and utterance {utterance.id} "
            f"{utterance.n_frames} frames: shape {(n_mels, utterance.n_frames)}.",
            again,
        )
    return mel


def read_mel_db(folder: Path, utterance: Utterance, n_mels: int, start: int, stop: int) -> NDArray[np.float32]:
    """Frames ``start`` to ``stop`` of an utterance's mel, shape (stop - start, M), in dB as in the dataset.

    Raises:
        DatasetError: when it is missing, damaged, of another shape, or holds values that are not numbers.
    """
    part = np.array(open_ln_mel(folder, utterance, n_mels)[:, start:stop], dtype=np.float32)
    if not np.isfinite(part).all():
        raise DatasetError(
            f"{mel_path(folder, utterance)}: holds values that are not numbers.",
            "Make it again: rtmri2speech export-mels ground-truth|predicted DATASET --overwrite",
        )
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
                "Choose a number from 0 to 1; the memo has 0.8.",
            )

    def draw(self, seed: int, epoch: int, index: int) -> Path:
        """The folder that a segment's mel is taken from: a function of seed, epoch and index alone."""
        if self.extra is None:
            return self.folder
        # A stream of its own, so that the place of the segment does not depend on the choice, nor the choice on it.
        drawn = np.random.default_rng((seed, epoch, index, 1)).random()
        return self.extra if drawn < self.extra_weight else self.folder

    def require(self, dataset: Dataset) -> None:
        """Make sure that every mel is there and fits its utterance; only the heads of the files are read.

        Raises:
            DatasetError: when a folder or a file is missing, or a file is damaged or of another shape.
        """
        for folder, utterances in self._needed(dataset):
            if not folder.is_dir():
                raise DatasetError(f"{folder}: no such folder of mels.", _how_to_get(folder, dataset))
            for utterance in utterances:
                open_ln_mel(folder, utterance, dataset.meta.features.n_mels)

    def identity(self, dataset: Dataset) -> dict[str, Any]:
        """What tells this source from another one: names and contents of the folders, and the weight."""
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


def _how_to_get(folder: Path, dataset: Dataset) -> str:
    inside = dataset.root / folder.name
    if inside.is_dir():
        return f"Did you mean {inside}?"
    more = "ground-truth" if folder.name == GROUND_TRUTH else "predicted"
    model = "" if more == "ground-truth" else " --model MODEL"
    return f"Make it: rtmri2speech export-mels {more} {dataset.root}{model}; or correct the path."
