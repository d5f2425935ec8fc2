"""One recording to samples of the dataset: what a worker process does."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from praatio.data_classes.textgrid import Textgrid
from pydantic import Field

from rtmri2speech import __version__
from rtmri2speech.config import Config
from rtmri2speech.corpora.base import Recording
from rtmri2speech.data.clips import Clip, open_clip
from rtmri2speech.data.files import hash_files, new_folder, write_text
from rtmri2speech.data.layout import SAMPLE_FILES, SCHEMA, FrameWriter, Split, Utterance
from rtmri2speech.data.scan import scan_video
from rtmri2speech.data.sound import write_float_wav
from rtmri2speech.data.splits import SplitMode, split_blocks
from rtmri2speech.data.textgrid import read_textgrid, shift_textgrid, write_textgrid
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.align import MismatchPolicy, align
from rtmri2speech.preparation.check import Finding, check_scan, check_sound, find_sound
from rtmri2speech.preparation.cut import CutConfig, cut_recording
from rtmri2speech.signal import memo
from rtmri2speech.signal.clock import Retiming
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db
from rtmri2speech.signal.video import FrameConfig

RECEIPTS = ".receipts"
"""Folder of the dataset that remembers, for each recording, what its samples were made from."""


class PrepareOptions(Config):
    """Everything that decides what a dataset holds."""

    features: FeatureConfig = FeatureConfig()
    frames: FrameConfig = FrameConfig()
    ref_frames: int = Field(memo.REF_FRAMES, ge=1, description="frames of a window (memo: 4)")
    cut: CutConfig = CutConfig()
    split: SplitMode | Literal["auto"] = "auto"
    split_ratio: tuple[float, float, float] = (80.0, 10.0, 10.0)
    seed: int = Field(42, ge=0)
    fps: Fraction | None = None
    on_mismatch: MismatchPolicy = "refuse"
    trim_over_bright: bool = False
    mask: Path | None = None


@dataclass(frozen=True)
class Job:
    """A recording to prepare, and its split; None splits it in blocks."""

    recording: Recording
    root: Path
    options: PrepareOptions
    split: Split | None
    mask: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Receipt:
    """What a recording has become; ``redone`` tells whether it was worked on in this run."""

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
        values = json.loads(path.read_text(encoding="utf-8"))
        rows = [Utterance(**row) for row in values["utterances"]]
        return Receipt(values["key"], rows, values["notes"], redone=False)
    except (OSError, ValueError, KeyError, TypeError):
        return Receipt("", [], [])


def prepare_recording(job: Job) -> Receipt:
    """Make a recording's samples, unless they are there, unchanged, and made from the same files and options.

    Raises:
        UserError: when the recording cannot be used.
    """
    path = job.root / RECEIPTS / f"{job.recording.id}.json"
    key = _key(job)
    old = read_receipt(path)
    annotated = job.recording.textgrid is not None
    if old.key == key and all(_is_intact(job.root, utterance, annotated) for utterance in old.utterances):
        return old
    # The old samples go only after the new ones have come: a mistaken option destroys nothing.
    receipt = _make_samples(job, key)
    for utterance in old.utterances:
        if utterance.id in {new.id for new in receipt.utterances}:
            remove_pairs(job.root, utterance.id)
        else:
            remove_sample(job.root, utterance.id)
    values = {"key": key, "utterances": [asdict(row) for row in receipt.utterances], "notes": receipt.notes}
    write_text(path, json.dumps(values, ensure_ascii=False, indent=1))
    return receipt


def _key(job: Job) -> str:
    """Hash of the source files and of every option the samples depend on."""
    for source in job.recording.sources:
        if not source.is_file():
            raise MediaError(f"{source}: no such file.", "It was there a moment ago: check the disk.")
    options = job.options.model_dump(mode="json", exclude={"mask", "seed", "split_ratio"})
    if job.split is None:
        options["split_ratio"] = job.options.split_ratio
    content = {
        "options": options,
        "recording": [job.recording.id, job.recording.speaker, job.recording.sync_offset],
        "sources": [source.name for source in job.recording.sources],
        "split": job.split,
        "mask": None if job.mask is None else hashlib.sha256(job.mask.tobytes()).hexdigest(),
        "bytes": hash_files(job.recording.sources),
        "schema": SCHEMA,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_intact(root: Path, utterance: Utterance, annotated: bool) -> bool:
    folder = root / "samples" / utterance.id
    files = [folder / name for name in SAMPLE_FILES]
    if annotated and not (folder / f"{utterance.id}.TextGrid").is_file():
        return False
    return all(file.is_file() for file in files) and hash_files(files) == utterance.sha256


def _make_samples(job: Job, key: str) -> Receipt:
    recording, options = job.recording, job.options
    features = options.features
    frame_rate = float(features.frame_rate)
    scan = scan_video(recording.video, options.fps)
    clip = open_clip(scan, features, options.frames, options.trim_over_bright)
    sound = find_sound(recording, scan)
    findings = [
        *check_scan(scan, features, options.trim_over_bright),
        *check_sound(recording, sound, clip, options.on_mismatch),
    ]
    _refuse_errors(findings)
    first, samples = align(sound, clip, features, recording.sync_offset, options.on_mismatch)
    grid = None
    if recording.textgrid is not None:
        # The annotation is on the sound's clock; here time 0 becomes the first frame.
        begin = clip.start - sound.start + recording.sync_offset + first / frame_rate
        grid = shift_textgrid(read_textgrid(recording.textgrid), begin, len(samples) / features.sample_rate)
    spans = cut_recording(samples, features.hop_length, features.sample_rate, options.cut, grid, recording.video)
    pieces = _split_spans(spans, len(samples) // features.hop_length, job, clip.retiming, first)
    shortest = max(options.ref_frames, math.ceil(features.min_samples / features.hop_length))
    kept = [piece for piece in pieces if piece[2] - piece[1] >= shortest]
    notes = [f"{finding.file}: {finding.problem}" for finding in findings if finding.severity == "warning"]
    if len(kept) < len(pieces):
        notes.append(f"{recording.video}: {len(pieces) - len(kept)} piece(s) under {shortest} frames left out")
    frames = _FrameStream(clip, first)
    utterances = []
    for number, (split, start, stop) in enumerate(kept, start=1):
        draft = Utterance(
            id=recording.id if len(kept) == 1 else f"{recording.id}-{number:03d}",
            speaker=recording.speaker,
            split=split,
            n_frames=stop - start,
            seconds=round((stop - start) / frame_rate, 6),
            source_video=str(recording.video),
            source_audio=str(recording.audio or recording.video),
            source_start=round(clip.start + (first + start) / frame_rate, 6),
            sha256="",
        )
        piece = samples[start * features.hop_length : stop * features.hop_length]
        part = None if grid is None else shift_textgrid(grid, start / frame_rate, draft.seconds)
        digest = _write_sample(job, draft, frames.take(start, stop), piece, part)
        utterances.append(replace(draft, sha256=digest))
    return Receipt(key, utterances, notes)


def _refuse_errors(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.severity == "error":
            raise MediaError(f"{finding.file}: {finding.problem}", finding.remedy)


def _write_sample(
    job: Job,
    utterance: Utterance,
    blocks: Iterator[NDArray[np.uint8]],
    samples: NDArray[np.float32],
    grid: Textgrid | None,
) -> str:
    features, size = job.options.features, job.options.frames.size
    with new_folder(job.root / "samples" / utterance.id) as folder:
        with (folder / "mri.npy").open("wb") as file:
            writer = FrameWriter(file, (utterance.n_frames, size, size))
            for block in blocks:
                writer.write(block)
            writer.close()
        # 32-bit float: the mel spectrogram computed again from this file is the one beside it.
        write_float_wav(folder / "audio.wav", samples, features.sample_rate)
        np.save(folder / "mel_db.npy", mel_db(samples, features))
        np.save(folder / "mask.npy", np.ones(utterance.n_frames, np.uint8) if job.mask is None else job.mask)
        if grid is not None:
            write_textgrid(grid, folder / f"{utterance.id}.TextGrid")
        return hash_files(folder / name for name in SAMPLE_FILES)


def _split_spans(
    spans: Sequence[tuple[int, int]], n_frames: int, job: Job, retiming: Retiming, first: int
) -> list[tuple[Split, int, int]]:
    if job.split is not None:
        return [(job.split, start, stop) for start, stop in spans]
    blocks: list[tuple[Split, int, int]] = []
    used = -1  # last source frame that an earlier block has a part of: a slow source's frames are in many
    for split, start, stop in split_blocks(n_frames, job.options.split_ratio, job.options.ref_frames):
        start += int(np.sum(retiming.first[first + start : first + stop] <= used))
        if start < stop:
            used = int(retiming.last[first + stop - 1])
            blocks.append((split, start, stop))
    return [
        (split, max(start, begin), min(stop, end))
        for split, begin, end in blocks
        for start, stop in spans
        if max(start, begin) < min(stop, end)
    ]


class _FrameStream:
    """Hands out spans of a clip's frames in order, decoding once."""

    def __init__(self, clip: Clip, first: int) -> None:
        self._blocks = clip.blocks()
        self._position = -first
        self._rest: NDArray[np.uint8] | None = None

    def take(self, start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
        """Frames start .. stop, in blocks."""
        while self._position < stop:
            block = self._rest if self._rest is not None else next(self._blocks, None)
            if block is None:
                return
            wanted = block[max(0, start - self._position) : stop - self._position]
            used = min(len(block), stop - self._position)
            self._rest = block[used:] if used < len(block) else None
            self._position += used
            if len(wanted):
                yield wanted
