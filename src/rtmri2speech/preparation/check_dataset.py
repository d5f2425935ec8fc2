"""Look at a prepared dataset: files, shapes, values, checksums, leakage between splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from rtmri2speech.data.dataset.layout import FILELISTS, SPLITS, Dataset, Utterance
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.audio import sound_size
from rtmri2speech.errors import UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.signal.mel_statistics import MelStatistics

_AGAIN = "Run prepare again; it mends what is damaged."


def check_dataset(
    root: Path, workers: int = 0, progress: Progress = SILENT, shard: Shard | None = None
) -> list[Finding]:
    """Everything that is wrong with a dataset folder.

    Args:
        root: the folder.
        workers: processes; 0 for one per core.
        progress: counts utterances.
        shard: look at a share of the utterances alone, and with the first at the tables.

    Raises:
        DatasetError: when it cannot be opened at all.
    """
    dataset = Dataset(root)
    utterances = share_of(shard, dataset.utterances)
    progress.expect(len(utterances))
    findings = []
    if shard is None or shard.index == 1:
        findings = [*_check_tables(dataset), *_check_leakage(dataset)]
    results: dict[str, list[Finding]] = {}
    for utterance, outcome in run_jobs(partial(_check_sample, dataset), utterances, workers):
        if isinstance(outcome, UserError):
            outcome = [Finding(str(dataset.folder(utterance)), "error", outcome.problem, outcome.remedy)]
        results[utterance.id] = outcome
        progress.advance()
    return findings + [finding for utterance in utterances for finding in results[utterance.id]]


def _error(path: Path, problem: str, remedy: str = _AGAIN) -> Finding:
    return Finding(str(path), "error", problem, remedy)


def _check_tables(dataset: Dataset) -> list[Finding]:
    findings = []
    try:
        if any(row.split == "train" for row in dataset.utterances):
            MelStatistics.from_json(dataset.root / "scaler.json", dataset.meta.features.n_mels)
    except UserError as error:
        findings.append(_error(dataset.root / "scaler.json", error.problem, error.remedy))
    for name, split in FILELISTS.items():
        path = dataset.root / "hifigan_filelists" / f"{name}.txt"
        expected = {row.id for row in dataset.utterances if row.split == split}
        found = set(path.read_text(encoding="utf-8", errors="replace").splitlines()) if path.is_file() else set()
        if found != expected:
            findings.append(_error(path, f"does not list the {split} split ({len(found)} of {len(expected)} names)"))
    table = dataset.root / "utterances.csv"
    for split in SPLITS:
        promised = dataset.meta.counts.get(split, {}).get("utterances")
        found_rows = sum(row.split == split for row in dataset.utterances)
        if promised != found_rows:
            findings.append(_error(table, f"{found_rows} utterances of split {split}, meta.json says {promised}"))
    findings += _check_splits(dataset, table)
    known = {row.id for row in dataset.utterances}
    strays = [path.name for path in (dataset.root / "samples").glob("[!.]*") if path.name not in known]
    if strays:
        findings.append(_error(table, f"does not know {len(strays)} folder(s) in samples/, such as {strays[0]}"))
    for row in dataset.utterances:
        if row.split not in SPLITS:
            findings.append(_error(dataset.root / "utterances.csv", f"{row.id} has the unknown split '{row.split}'"))
    return findings


def _check_splits(dataset: Dataset, table: Path) -> Iterator[Finding]:
    """Training needs two splits; a dataset with the test split alone is for evaluating."""
    there = {row.split for row in dataset.utterances}
    missing = [split for split in ("train", "validation") if split not in there]
    if len(missing) == 1:
        yield Finding(
            str(table),
            "warning",
            f"no utterance is of split {missing[0]}, and training needs it",
            "Prepare more or longer recordings, or divide them otherwise: "
            "rtmri2speech prepare --split blocks --split-ratio 60 20 20",
        )


def _check_leakage(dataset: Dataset) -> list[Finding]:
    """Pieces of one source that lie in different splits must be a window apart."""
    findings = []
    table = dataset.root / "utterances.csv"
    frame = 1.0 / float(dataset.meta.features.frame_rate)
    by_source: dict[str, list[Utterance]] = defaultdict(list)
    by_content: dict[str, Utterance] = {}
    for row in dataset.utterances:
        by_source[row.source_video or row.source_audio].append(row)
        twin = by_content.setdefault(row.sha256, row)
        if twin.split != row.split:
            findings.append(
                _error(
                    table,
                    f"{twin.id} ({twin.split}) and {row.id} ({row.split}) hold the same recording",
                    "Remove one of the two files, then prepare again.",
                )
            )
    for rows in by_source.values():
        rows.sort(key=lambda row: row.source_start)
        for one, other in pairwise(rows):
            gap = (other.source_start - one.source_start) / frame - one.n_frames
            # Times in the table are rounded to a microsecond.
            if one.split != other.split and gap < dataset.meta.ref_frames - 0.01:
                findings.append(
                    _error(
                        table,
                        f"{one.id} ({one.split}) and {other.id} ({other.split}) are {gap:.0f} frames apart, "
                        f"less than a window of {dataset.meta.ref_frames}: frames leak between splits",
                    )
                )
    if dataset.meta.split.get("mode") == "speaker":
        for speaker in {row.speaker for row in dataset.utterances}:
            splits = {row.split for row in dataset.utterances if row.speaker == speaker}
            if len(splits) > 1:
                findings.append(_error(table, f"speaker {speaker} is in {' and '.join(sorted(splits))}"))
    return findings


def _check_sample(dataset: Dataset, row: Utterance) -> list[Finding]:
    folder = dataset.folder(row)
    missing = [name for name in dataset.sample_files if not (folder / name).is_file()]
    if missing:
        return [_error(folder, f"{', '.join(missing)} missing")]
    features = dataset.meta.features
    findings = []
    if hash_files(folder / name for name in dataset.sample_files) != row.sha256:
        findings.append(_error(folder, "changed since it was written: the checksum differs"))
    if dataset.has_frames:
        findings += _check_frames(dataset, row)
    mel = dataset.mel_db(row)
    if mel.shape[1] != features.n_mels:
        findings.append(_error(folder / "mel_db.npy", f"{mel.shape[1]} mel bands instead of {features.n_mels}"))
    if not np.isfinite(mel).all():
        findings.append(_error(folder / "mel_db.npy", "holds values that are not numbers (NaN or infinite)"))
    samples, rate = sound_size(folder / "audio.wav")
    expected = row.n_frames * features.hop_length
    if (samples, rate) != (expected, features.sample_rate):
        problem = f"{samples} samples at {rate} Hz instead of {expected} at {features.sample_rate} Hz"
        findings.append(_error(folder / "audio.wav", problem))
    return findings


def _check_frames(dataset: Dataset, row: Utterance) -> list[Finding]:
    folder, size = dataset.folder(row), dataset.meta.frames.size
    findings = []
    frames, mask = dataset.frames(row), dataset.mask(row)
    if frames.shape[1:] != (size, size):
        findings.append(_error(folder / "mri.npy", f"frames of {frames.shape[1:]} pixels instead of {size}x{size}"))
    if mask.shape not in {(row.n_frames,), (size, size), (row.n_frames, size, size)}:
        findings.append(_error(folder / "mask.npy", f"shape {mask.shape} fits neither frames nor pixels"))
    # One frame at a time: an utterance need not fit in memory.
    blank = sum(1 for frame in frames if frame.min() == frame.max())
    if blank:
        problem = f"{blank} frame(s) without any contrast"
        findings.append(Finding(str(folder / "mri.npy"), "warning", problem, "Look at the video there."))
    return findings
