"""Receipts: what each recording was made into, so that a second run redoes only what is missing or changed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtmri2speech.corpora.base import AnyRecording, Recording, SoundRecording
from rtmri2speech.corpora.sound_of_recording import TRACK_NOT_USED, no_such_sound
from rtmri2speech.data.dataset.layout import RECEIPTS, Utterance
from rtmri2speech.data.dataset.meta import SCHEMA
from rtmri2speech.data.endings import no_such_file, printable
from rtmri2speech.data.files import hash_files, read_object
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import DatasetError
from rtmri2speech.preparation.denoising.denoisers import NONE
from rtmri2speech.preparation.export_pairs import wav_of
from rtmri2speech.preparation.recording import Job, make_samples, sample_files
from rtmri2speech.version import __version__


@dataclass(frozen=True)
class Receipt:
    """What a recording was made into, and with which settings.

    ``decided`` says what was decided for the user, and how to have it otherwise; ``redone`` whether it was worked on in
    this run; ``settings`` is empty in files of older versions.
    """

    key: str
    utterances: list[Utterance]
    notes: list[str] = field(default_factory=list)
    redone: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)


def remove_sample(root: Path, utterance_id: str) -> None:
    """Remove an utterance and its exported pairs."""
    shutil.rmtree(root / "samples" / utterance_id, ignore_errors=True)
    remove_pairs(root, utterance_id)


def remove_pairs(root: Path, utterance_id: str) -> None:
    """Remove what was exported of an utterance."""
    for pairs in root.glob("pairs_ref*"):
        shutil.rmtree(pairs / utterance_id, ignore_errors=True)
        (pairs / f"{utterance_id}.npz").unlink(missing_ok=True)
    wav_of(root, utterance_id).unlink(missing_ok=True)


def read_receipt(path: Path) -> Receipt:
    """What an earlier run has left about a recording; an empty receipt where there is none."""
    try:
        values = read_object(path) or {}
        rows = [Utterance(**row) for row in values["utterances"]]
        settings, decided = dict(values.get("settings", {})), list(values.get("decided", []))
        return Receipt(values["key"], rows, values["notes"], False, settings, decided)
    except (KeyError, TypeError, ValueError):
        return Receipt("", [], [])


def open_folder(root: Path, jobs: Sequence[Job], *, prune: bool, overwrite: bool, alone: bool = True) -> str | None:
    """Make the folder ready to be worked on; the text of its ``meta.json`` if it was a dataset of these recordings.

    Args:
        root: the folder.
        jobs: all that it shall hold.
        prune: remove recordings that are not among the jobs.
        overwrite: replace a dataset that was made with other settings.
        alone: whether nobody else is working on it; or else what looks like leftovers may not be any.

    Raises:
        DatasetError: when it is no folder for that.
    """
    if root.exists() and not root.is_dir():
        raise DatasetError(f"{root}: is a file, not a folder.", "Choose another `out`.")
    receipts = root / RECEIPTS
    if root.is_dir() and any(root.iterdir()) and not receipts.is_dir():
        raise DatasetError(f"{root}: holds other files, not a dataset of this program.", "Choose an empty `out`.")
    current = {job.recording.id for job in jobs}
    stale = sorted(path for path in receipts.glob("*.json") if path.stem not in current)
    if stale and not prune:
        raise DatasetError(
            f"{root}: also holds {len(stale)} recording(s) that are not among the inputs, such as '{stale[0].stem}'.",
            "Choose another `out`, give all inputs again, or remove the others from the dataset with `prune=True`.",
        )
    path = root / "meta.json"
    if path.is_file() and not overwrite:
        _refuse_other_settings(root, jobs)
    receipts.mkdir(parents=True, exist_ok=True)
    meta = path.read_text(encoding="utf-8") if path.is_file() and not stale else None
    path.unlink(missing_ok=True)
    if alone:
        sweep(root)
    for path in stale:
        forget(root, path)
    return meta


def _refuse_other_settings(root: Path, jobs: Sequence[Job]) -> None:
    for job in jobs:
        old = read_receipt(root / RECEIPTS / f"{job.recording.id}.json").settings
        new = {"denoise": NONE, **_settings(job)}
        if old and (different := list(_differences({"denoise": NONE, **old}, new))):
            raise DatasetError(
                f"{root}: holds a dataset that was made with other settings ({'; '.join(different)}).",
                "Choose another `out`, or make this one anew with `overwrite=True`.",
            )


def _differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Settings that both know and that differ, each with both values."""
    for name in (name for name in new if name in old):
        one, other = old[name], new[name]
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, f"{prefix}{name}.")
        elif one != other:
            yield f"{prefix}{name}" if name == "mask" else f"{prefix}{name}: {one} then, {other} now"


def sweep(root: Path) -> None:
    """Remove what a run that was killed, or a recording that failed, has left behind."""
    for path in [*root.glob(".*.tmp"), *root.glob("*/.*.tmp")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    claimed = {row.id for path in (root / RECEIPTS).glob("*.json") for row in read_receipt(path).utterances}
    for folder in (root / "samples").glob("*"):
        if folder.name not in claimed:
            remove_sample(root, folder.name)


def forget(root: Path, receipt: Path) -> None:
    """Remove a receipt and all that was made from its recording."""
    for utterance in read_receipt(receipt).utterances:
        remove_sample(root, utterance.id)
    receipt.unlink(missing_ok=True)


def prepare_recording(job: Job) -> Receipt:
    """Make a recording's samples, unless they are there, unchanged, and made from the same files and options.

    Raises:
        UserError: when the recording cannot be used.
    """
    path = job.root / RECEIPTS / f"{job.recording.id}.json"
    key = _key(job)
    old = read_receipt(path)
    if old.key == key and all(_is_intact(job, utterance) for utterance in old.utterances):
        return old
    # The old samples go only after the new ones have come: a mistaken option destroys nothing.
    utterances, notes, decided = make_samples(job)
    receipt = Receipt(key, utterances, notes, decided=decided)
    for utterance in old.utterances:
        if utterance.id in {new.id for new in receipt.utterances}:
            remove_pairs(job.root, utterance.id)
        else:
            remove_sample(job.root, utterance.id)
    rows = [row.as_row() for row in receipt.utterances]
    content = {"key": key, "notes": notes, "decided": decided, "utterances": rows, "settings": _settings(job)}
    write_about(path, "receipt", SCHEMA, content)
    return receipt


def gather_notes(recordings: Sequence[AnyRecording], receipts: Sequence[Receipt]) -> list[str]:
    """What is to be said of recordings; what was decided for many of them alike is said once, of the first."""
    asked = all(isinstance(item, SoundRecording) or item.sound != "auto" for item in recordings)
    files = {printable(path) for item in recordings for path in item.sources}
    alike: dict[str, list[str]] = {}
    for text in (text for receipt in receipts for text in receipt.decided):
        start = next((at.start() for at in re.finditer(": ", text) if text[: at.start()] in files), 0)
        kind = re.sub(r"[0-9.]+", "", text[start:].partition(". ")[0])
        if not (asked and TRACK_NOT_USED in kind):
            alike.setdefault(kind, []).append(text)
    said = [f"{one} The same of {len(more)} more recording(s)." if more else one for one, *more in alike.values()]
    return [note for receipt in receipts for note in receipt.notes] + said


def _settings(job: Job) -> dict[str, Any]:
    """Every option that samples depend on; ``features`` have followed ``frame_rate`` by now."""
    left_out = {"mask", "seed", "split_ratio", "test_speakers", "frame_rate"}
    settings = job.options.model_dump(mode="json", exclude=left_out)
    if settings["denoise"] == NONE:
        del settings["denoise"]  # as in datasets of versions that could not do anything else
    if job.split is None:
        settings["split_ratio"] = list(job.options.split_ratio)
    return {**settings, "mask": None if job.mask is None else hashlib.sha256(job.mask.tobytes()).hexdigest()}


def _key(job: Job) -> str:
    """Hash of the source files and of every option the samples depend on.

    The files are read once more when they are decoded. Hashing while decoding would not save that: the hash decides
    whether there is anything to decode, and the decoder does not read a container from end to end.
    """
    recording = job.recording
    for source in recording.sources:
        if not source.is_file():
            if isinstance(recording, Recording) and source == recording.audio:
                raise no_such_sound(recording, source)
            raise no_such_file(source)
    options = _settings(job)
    mask = options.pop("mask")
    offset = recording.sync_offset if isinstance(recording, Recording) else None
    known = _known(recording) if isinstance(recording, Recording) else {}
    content = {
        **({"corpus": known} if known else {}),
        "options": options,
        "recording": [recording.id, recording.speaker, offset],
        "sources": [source.name for source in recording.sources],
        "split": job.split,
        "mask": mask,
        "bytes": hash_files(recording.sources),
        "schema": SCHEMA,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _known(recording: Recording) -> dict[str, str]:
    """What a corpus says of a recording that samples, or their rows, depend on; nothing for folders of videos."""
    said = {
        "text": recording.text,
        "text_tiers": recording.text_tiers,
        "utterance_tier": recording.utterance_tier,
        "scanner": recording.scanner,
    }
    return {name: str(value) for name, value in said.items() if value}


def _is_intact(job: Job, utterance: Utterance) -> bool:
    folder = job.root / "samples" / utterance.id
    files = [folder / name for name in sample_files(job.recording)]
    if job.recording.textgrid is not None and not (folder / f"{utterance.id}.TextGrid").is_file():
        return False
    return all(file.is_file() for file in files) and hash_files(files) == utterance.sha256
