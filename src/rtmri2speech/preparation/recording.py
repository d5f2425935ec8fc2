"""One recording to samples of the dataset: what a worker process does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.corpora.base import AnyRecording, Recording, SoundRecording
from rtmri2speech.corpora.public.texts import text_between
from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import TextGrid
from rtmri2speech.data.dataset.layout import SAMPLE_FILES, SOUND_FILES, Split, Utterance
from rtmri2speech.data.dataset.splits import SplitMode, split_blocks
from rtmri2speech.data.endings import printable
from rtmri2speech.data.files import hash_files, new_folder
from rtmri2speech.data.media.audio import read_sound, resample, write_float_wav
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import read_textgrid, shift_textgrid, write_textgrid
from rtmri2speech.data.npy import array_writer
from rtmri2speech.preparation.align import MismatchPolicy
from rtmri2speech.preparation.cut import CutConfig, cut_recording
from rtmri2speech.preparation.denoising.denoisers import NONE, denoised
from rtmri2speech.preparation.findings import (
    Finding,
    check_clock,
    check_length,
    check_level,
    refuse_errors,
    too_short,
)
from rtmri2speech.preparation.open_recording import TrackOptions, open_recording
from rtmri2speech.signal import defaults
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import clock_rate
from rtmri2speech.signal.frame_rate import frame_rate as read_rate
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import mel_db


class PrepareOptions(TrackOptions):
    """Everything that decides what a dataset holds.

    ``frame_rate`` is that of the dataset: ``native`` for the recordings' own, or frames per second. Sampling rate, hop
    length, window and transform of ``features`` then follow it (:func:`rtmri2speech.signal.frame_rate.features_at`).
    """

    features: FeatureConfig = FeatureConfig()
    frame_rate: Annotated[Fraction | Literal["native"] | None, BeforeValidator(clock_rate)] = None
    frames: FrameConfig = FrameConfig()
    ref_frames: int = Field(defaults.REF_FRAMES, ge=1, description="frames per window")
    cut: CutConfig = CutConfig()
    split: SplitMode | Literal["auto"] = "auto"
    split_ratio: tuple[float, float, float] = (80.0, 10.0, 10.0)
    seed: int = Field(42, ge=0)
    test_speakers: tuple[str, ...] = ()
    fps: Annotated[Fraction | None, BeforeValidator(read_rate)] = None
    on_mismatch: MismatchPolicy = "refuse"
    trim_over_bright: bool = False
    mask: Path | None = None


@dataclass(frozen=True)
class Job:
    """A recording to prepare, and its split; None splits it in blocks."""

    recording: AnyRecording
    root: Path
    options: PrepareOptions
    split: Split | None
    mask: UInt8 | None


@dataclass(frozen=True)
class _Material:
    """A recording on the feature clock, ready to be cut.

    Attributes:
        samples: shape (N,), float32, hop_length samples per frame.
        start: time in the source at which frame 0 starts, seconds.
        grid: annotation on the frames' clock, if there is one.
        findings: what was noticed.
        clip: the video, or None for sound alone.
        first: frame of the clip that is frame 0.
    """

    samples: Float32
    start: float
    grid: TextGrid | None
    findings: list[Finding]
    clip: Clip | None = None
    first: int = 0


def sample_files(recording: AnyRecording) -> tuple[str, ...]:
    """Names of the files that samples of a recording have."""
    return SAMPLE_FILES if isinstance(recording, Recording) else SOUND_FILES


def make_samples(job: Job) -> tuple[list[Utterance], list[str], list[str]]:
    """Write the samples of a recording; their rows in the table, notes, and what was decided for the user.

    Raises:
        UserError: when the recording cannot be used.
    """
    recording, features = job.recording, job.options.features
    if isinstance(recording, SoundRecording):
        material = _open_sound(recording, job.options)
    else:
        material = _open_video(recording, job.options)
    samples, hop = material.samples, features.hop_length
    frame_rate, n_frames = float(features.frame_rate), len(samples) // hop
    notes = [printable(f"{item.file}: {item.problem}") for item in material.findings if item.severity == "warning"]
    decided = [printable(f"{item.file}: {item.problem}. {item.remedy}") for item in material.findings if item.decision]
    shortest = features.min_frames
    if material.clip is not None:
        shortest = max(shortest, job.options.ref_frames)
    elif n_frames < shortest:
        return [], [*notes, f"{recording.file}: left out, because {too_short(n_frames, features)}"], decided
    if material.clip is not None:
        refuse_errors(check_length(recording.file, n_frames, features, job.options.ref_frames))
    cut = _cut_of(recording, material.grid, job.options.cut)
    spans = cut_recording(samples, hop, features.sample_rate, cut, material.grid, recording.file)
    pieces = _split_spans(spans, n_frames, job, material)
    kept = [piece for piece in pieces if piece[2] - piece[1] >= shortest]
    if len(kept) < len(pieces):
        notes.append(f"{recording.file}: {len(pieces) - len(kept)} piece(s) under {shortest} frames left out")
    frames = None if material.clip is None else _FrameStream(material.clip, material.first)
    utterances = []
    for number, (split, start, stop) in enumerate(kept, start=1):
        draft = Utterance(
            id=recording.id if len(kept) == 1 else f"{recording.id}-{number:03d}",
            speaker=recording.speaker,
            split=split,
            n_frames=stop - start,
            seconds=round((stop - start) / frame_rate, 6),
            source_video="" if material.clip is None else printable(recording.file),
            source_audio=printable(recording.audio or recording.file),
            source_start=round(material.start + start / frame_rate, 6),
            sha256="",
            text=_text(recording, material.grid, start / frame_rate, stop / frame_rate, whole=stop - start == n_frames),
            pixel_mm=_pixel(recording, material.clip),
        )
        piece = samples[start * hop : stop * hop]
        part = None if material.grid is None else shift_textgrid(material.grid, start / frame_rate, draft.seconds)
        digest = _write_sample(job, draft, None if frames is None else frames.take(start, stop), piece, part)
        utterances.append(replace(draft, sha256=digest))
    return utterances, notes, decided


def _cut_of(recording: AnyRecording, grid: TextGrid | None, cut: CutConfig) -> CutConfig:
    """Where the user leaves it to the program, recordings of a corpus are cut at the tier that it has for that."""
    tier = recording.utterance_tier if isinstance(recording, Recording) else None
    if cut.mode != "auto" or cut.tier is not None or grid is None or tier not in grid.names:
        return cut
    return cut.model_copy(update={"mode": "textgrid", "tier": tier})


def _text(recording: AnyRecording, grid: TextGrid | None, start: float, end: float, *, whole: bool) -> str:
    if isinstance(recording, SoundRecording):
        return ""
    return (recording.text if whole else None) or text_between(grid, recording.text_tiers, start, end) or ""


def _pixel(recording: AnyRecording, clip: Clip | None) -> float | None:
    if clip is None or isinstance(recording, SoundRecording) or recording.scanner is None:
        return None
    pixel = recording.scanner.pixel_of(clip.scan.width)
    return None if pixel is None else round(pixel, 6)


def _open_video(recording: Recording, options: PrepareOptions) -> _Material:
    features = options.features
    opened = open_recording(
        recording,
        features,
        options.frames,
        fps=options.fps,
        on_mismatch=options.on_mismatch,
        trim_over_bright=options.trim_over_bright,
        tracks=options.tracks,
        denoise=options.denoise,
    )
    skipped = opened.first / float(features.frame_rate)
    # The annotation is on the sound's clock; here time 0 becomes the first frame.
    grid, notes = _annotation(
        recording, opened.sound_seconds, opened.lead + skipped, len(opened.samples) / features.sample_rate
    )
    start = opened.clip.start + skipped
    return _Material(opened.samples, start, grid, [*opened.findings, *notes], opened.clip, opened.first)


def _open_sound(recording: SoundRecording, options: PrepareOptions) -> _Material:
    features = options.features
    sound = read_sound(recording.audio, options.tracks)
    findings = [*check_level(recording.audio, sound, features), *check_clock(recording.audio, sound)]
    refuse_errors(findings)
    if options.denoise != NONE:
        made = denoised(recording, sound, options.denoise)
        sound, findings = made.sound, [*findings, *made.findings]
    samples = resample(sound.samples, sound.rate, features.sample_rate)
    samples = samples[: len(samples) // features.hop_length * features.hop_length]
    grid, notes = _annotation(recording, sound.duration, 0.0, len(samples) / features.sample_rate)
    return _Material(samples, sound.start, grid, [*findings, *notes])


def _annotation(
    recording: AnyRecording, sound_seconds: float, start: float, seconds: float
) -> tuple[TextGrid | None, list[Finding]]:
    if recording.textgrid is None:
        return None, []
    grid, notes = fit_to_sound(read_textgrid(recording.textgrid), recording.textgrid, sound_seconds)
    # Warnings are what `prepare` passes on.
    findings = [Finding(str(recording.textgrid), "warning", *note) for note in notes]
    return shift_textgrid(grid, start, seconds), findings


def _write_sample(
    job: Job,
    utterance: Utterance,
    blocks: Iterator[UInt8] | None,
    samples: Float32,
    grid: TextGrid | None,
) -> str:
    features, size = job.options.features, job.options.frames.size
    with new_folder(job.root / "samples" / utterance.id) as folder:
        if blocks is not None:
            with array_writer(folder / "mri.npy", (utterance.n_frames, size, size), np.uint8) as writer:
                for block in blocks:
                    writer.write(block)
            mask = np.ones(utterance.n_frames, np.uint8) if job.mask is None else job.mask
            np.save(folder / "mask.npy", mask)
        # 32-bit float: the mel spectrogram computed again from this file equals the one next to it.
        write_float_wav(folder / "audio.wav", samples, features.sample_rate)
        np.save(folder / "mel_db.npy", mel_db(samples, features))
        if grid is not None:
            write_textgrid(grid, folder / f"{utterance.id}.TextGrid")
        return hash_files(folder / name for name in sample_files(job.recording))


def _split_spans(
    spans: Sequence[tuple[int, int]], n_frames: int, job: Job, material: _Material
) -> list[tuple[Split, int, int]]:
    if job.split is not None:
        return [(job.split, start, stop) for start, stop in spans]
    blocks: list[tuple[Split, int, int]] = []
    used = -1  # last source frame that an earlier block has a part of: a slow source's frames are in many
    for split, start, stop in split_blocks(n_frames, job.options.split_ratio, job.options.ref_frames):
        if material.clip is not None:
            retiming, first = material.clip.retiming, material.first
            start += int(np.sum(retiming.first[first + start : first + stop] <= used))
            used = int(retiming.last[first + stop - 1]) if start < stop else used
        if start < stop:
            blocks.append((split, start, stop))
    return [
        (split, max(start, first), min(stop, last))
        for split, first, last in blocks
        for start, stop in spans
        if max(start, first) < min(stop, last)
    ]


class _FrameStream:
    """Hands out spans of a clip's frames in order, decoding once."""

    def __init__(self, clip: Clip, first: int) -> None:
        self._blocks = clip.blocks()
        self._position = -first
        self._rest: UInt8 | None = None

    def take(self, start: int, stop: int) -> Iterator[UInt8]:
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
