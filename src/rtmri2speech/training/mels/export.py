"""Mel spectrograms of a whole dataset as files to fine-tune the vocoder on (reference configuration, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.mel_folders import GROUND_TRUTH, PREDICTED, mel_path, open_ln_mel
from rtmri2speech.data.files import cannot_write, read_object, replacing
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.mel import db_to_ln

RECORD = "made_from.json"
"""File next to the mels that says what they were made from."""


@dataclass(frozen=True)
class Exported:
    """The outcome of an export.

    Attributes:
        folder: where the mels are.
        made: number of files written.
        kept: number of files that were there already.
        failures: files that could not be made, and why.
    """

    folder: Path
    made: int
    kept: int
    failures: list[tuple[Path, UserError]]


def export_ground_truth(dataset: Dataset, *, overwrite: bool = False, progress: Progress = SILENT) -> Exported:
    """Write the mels of the dataset's sound to ``mels_gt_log``; arguments and errors as in :func:`export_mels`."""
    folder = dataset.root / GROUND_TRUTH

    def read(utterance: Utterance) -> Float32:
        return np.array(dataset.mel_db(utterance))

    return export_mels(dataset, folder, "mel_db.npy", read, overwrite=overwrite, progress=progress)


def export_predicted(
    predictor: MelPredictor,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Exported:
    """Write the mels that a model predicts for all utterances; files of another model are made again.

    Args:
        predictor: the model on its dataset.
        folder: where to write; by default the dataset's ``mels_ft_log_normalized``.
        overwrite, progress: as in :func:`export_mels`.

    Raises:
        UserError: as there.
    """
    dataset = predictor.dataset
    out = folder or dataset.root / PREDICTED
    return export_mels(dataset, out, predictor.source, predictor.predict, overwrite=overwrite, progress=progress)


def export_mels(
    dataset: Dataset,
    folder: Path,
    source: str,
    make: Callable[[Utterance], Float32],
    *,
    details: dict[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Exported:
    """Write a mel for every utterance: ``<ID>.npy``, shape (M, T) float32, ln(power).

    Complete files of the same source and of unchanged utterances are kept, so that an export that was stopped
    continues where it was. An utterance that fails does not keep the others from being done.

    Args:
        dataset: the dataset.
        folder: where to write.
        source: what identifies this source of mels.
        make: gives an utterance's mel, shape (T, M), dB.
        details: more about the source, for the record next to the mels; a function of the source.
        overwrite: make every file again.
        progress: counts frames.

    Raises:
        UserError: when the folder holds mels whose origin is unknown, or it cannot be written.
    """
    missing = _start(dataset, folder, source, details or {}, overwrite=overwrite)
    progress.expect(sum(utterance.n_frames for utterance in missing))
    n_mels = dataset.meta.features.n_mels
    failures: list[tuple[Path, UserError]] = []
    for utterance in missing:
        path = mel_path(folder, utterance)
        try:
            mel_db = make(utterance)
            if mel_db.shape != (utterance.n_frames, n_mels):
                raise DatasetError(
                    f"{dataset.folder(utterance)}: gives a mel of shape {mel_db.shape}, not {utterance.n_frames} "
                    f"frames of {n_mels} bands.",
                    "Run: rtmri2speech check DATASET; then prepare again.",
                )
            if not np.isfinite(mel_db).all():
                raise DatasetError(
                    f"{dataset.folder(utterance)}: gives a mel with values that are not numbers.",
                    "Run: rtmri2speech check DATASET; then prepare again, or use another model.",
                )
        except UserError as error:
            failures.append((path, error))
        else:
            with replacing(path) as file:
                np.save(file, np.ascontiguousarray(db_to_ln(mel_db).T, dtype=np.float32))
        progress.advance(utterance.n_frames)
    return Exported(folder, len(missing) - len(failures), len(dataset.utterances) - len(missing), failures)


def _start(dataset: Dataset, folder: Path, source: str, details: dict[str, Any], *, overwrite: bool) -> list[Utterance]:
    """Remove what is out of date, and write what the folder's files are made from; returns what is to be made.

    In this order, every file was made from what the record says, wherever the program is stopped.
    """
    stored = _read_record(folder)
    made_from = {utterance.id: utterance.sha256 for utterance in dataset.utterances}
    there = [utterance for utterance in dataset.utterances if mel_path(folder, utterance).exists()]
    if there and stored is None and not overwrite:
        raise UserError(
            f"{folder}: holds {len(there)} mel(s) of this dataset of unknown origin (no {RECORD}).",
            "Make them again with `overwrite=True`, or move that folder away.",
        )
    old = {} if overwrite or stored is None or stored["source"] != source else stored["utterances"]
    kept = {
        utterance.id
        for utterance in there
        if old.get(utterance.id) == utterance.sha256 and _is_complete(dataset, folder, utterance)
    }
    for utterance in there:
        if utterance.id not in kept:
            path = mel_path(folder, utterance)
            try:
                path.unlink()
            except OSError as error:
                raise cannot_write(path, error) from error
    write_about(folder / RECORD, "mels", 1, {"source": source, **details, "utterances": made_from})
    return [utterance for utterance in dataset.utterances if utterance.id not in kept]


def _read_record(folder: Path) -> dict[str, Any] | None:
    """What the folder says its files are made from; None when it does not say."""
    stored = read_object(folder / RECORD)
    known = stored is not None and "source" in stored and isinstance(stored.get("utterances"), dict)
    return stored if known else None


def _is_complete(dataset: Dataset, folder: Path, utterance: Utterance) -> bool:
    try:
        open_ln_mel(folder, utterance, dataset.meta.features.n_mels)
    except DatasetError:
        return False
    return True
