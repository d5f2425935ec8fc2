"""Receipts: what each recording was made into, so that a second run redoes only what is missing or changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.sound_of_recording import no_such_sound
from rtmri2speech.data.dataset.layout import RECEIPTS, SCHEMA, Utterance
from rtmri2speech.data.endings import no_such_file
from rtmri2speech.data.files import hash_files, read_object
from rtmri2speech.data.provenance import write_about
from rtmri2speech.preparation.recording import Job, make_samples, sample_files
from rtmri2speech.version import __version__


@dataclass(frozen=True)
class Receipt:
    """What a recording was made into; ``redone`` says whether it was worked on in this run."""

    key: str
    utterances: list[Utterance]
    notes: list[str] = field(default_factory=list)
    redone: bool = True


def remove_sample(root: Path, utterance_id: str) -> None:
    """Remove an utterance and its exported pairs."""
    shutil.rmtree(root / "samples" / utterance_id, ignore_errors=True)
    remove_pairs(root, utterance_id)


def remove_pairs(root: Path, utterance_id: str) -> None:
    """Remove an utterance's exported pairs."""
    for pairs in root.glob("pairs_ref*"):
        shutil.rmtree(pairs / utterance_id, ignore_errors=True)
        (pairs / f"{utterance_id}.npz").unlink(missing_ok=True)


def read_receipt(path: Path) -> Receipt:
    """What an earlier run has left about a recording; an empty receipt where there is none."""
    try:
        values = read_object(path) or {}
        rows = [Utterance(**row) for row in values["utterances"]]
        return Receipt(values["key"], rows, values["notes"], redone=False)
    except (KeyError, TypeError):
        return Receipt("", [], [])


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
    receipt = Receipt(key, *make_samples(job))
    for utterance in old.utterances:
        if utterance.id in {new.id for new in receipt.utterances}:
            remove_pairs(job.root, utterance.id)
        else:
            remove_sample(job.root, utterance.id)
    rows = [asdict(row) for row in receipt.utterances]
    write_about(path, "receipt", SCHEMA, {"key": key, "notes": receipt.notes, "utterances": rows})
    return receipt


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
    options = job.options.model_dump(mode="json", exclude={"mask", "seed", "split_ratio", "test_speakers"})
    if job.split is None:
        options["split_ratio"] = job.options.split_ratio
    offset = recording.sync_offset if isinstance(recording, Recording) else None
    content = {
        "options": options,
        "recording": [recording.id, recording.speaker, offset],
        "sources": [source.name for source in recording.sources],
        "split": job.split,
        "mask": None if job.mask is None else hashlib.sha256(job.mask.tobytes()).hexdigest(),
        "bytes": hash_files(recording.sources),
        "schema": SCHEMA,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_intact(job: Job, utterance: Utterance) -> bool:
    folder = job.root / "samples" / utterance.id
    files = [folder / name for name in sample_files(job.recording)]
    if job.recording.textgrid is not None and not (folder / f"{utterance.id}.TextGrid").is_file():
        return False
    return all(file.is_file() for file in files) and hash_files(files) == utterance.sha256
