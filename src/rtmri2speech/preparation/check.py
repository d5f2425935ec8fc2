"""Check recordings and datasets before anything slow, and say what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from rtmri2speech.corpora.base import AnyRecording, Corpus, SoundRecording, listing_of
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.inputs import Source, list_of
from rtmri2speech.corpora.public.catalog import facts_of
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.sound_of_recording import MissingSound, find_sound, remarks_on_sound
from rtmri2speech.corpora.video_of_recording import remarks_on_video, scan_recording
from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import TextGrid
from rtmri2speech.data.dataset.layout import is_dataset
from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.data.tables import Row
from rtmri2speech.errors import ConfigError, DatasetError, MediaError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.align import MismatchPolicy, offsets, shared_frames, span_of
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.denoising.denoisers import NONE
from rtmri2speech.preparation.denoising.evidence import NoiseFacts, Recognizes, noise_of
from rtmri2speech.preparation.facts import (
    RecordingFacts,
    check_sync,
    describe_labels,
    describe_sound,
    describe_video,
    measure_sync,
    sound_facts,
)
from rtmri2speech.preparation.findings import (
    Finding,
    check_clock,
    check_length,
    check_level,
    check_scan,
    check_sound,
    from_remarks,
    too_short,
)
from rtmri2speech.preparation.open_recording import TrackOptions, features_of
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.signal import defaults
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import clock_rate, window_at
from rtmri2speech.signal.frame_rate import frame_rate as read_rate
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.sound_content import end_of_band


class CheckOptions(TrackOptions):
    """What ``check`` must know to find what ``prepare`` would.

    ``features`` and, unless they are given, the frames of a window follow ``frame_rate`` as they do in ``prepare``.
    """

    features: FeatureConfig = FeatureConfig()
    frame_rate: Annotated[Fraction | Literal["native"] | None, BeforeValidator(clock_rate)] = None
    fps: Annotated[Fraction | None, BeforeValidator(read_rate)] = None
    on_mismatch: MismatchPolicy = "refuse"
    trim_over_bright: bool = False
    need_sound: bool = True
    ref_frames: int = defaults.REF_FRAMES
    sync: bool = False


@dataclass(frozen=True)
class CheckReport:
    """What was checked, and what is wrong with it.

    Attributes:
        findings: errors, warnings and notes, in the order of the files.
        datasets: number of datasets checked.
        recordings: number of recordings checked.
        facts: what each recording is, in the order of the recordings.
        corpora: what is known of each published corpus among what was checked.
    """

    findings: list[Finding]
    datasets: int
    recordings: int
    facts: list[RecordingFacts] = field(default_factory=list)
    corpora: list[CorpusFacts] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """Number of errors and warnings; notes are not wrong."""
        return sum(finding.severity != "note" for finding in self.findings)

    def rows(self) -> list[Row]:
        """What is wrong as a table: file, severity, problem, remedy. ``pandas.DataFrame(report.rows())`` takes it."""
        return [finding.as_json() for finding in self.findings]

    def as_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it."""
        recordings = [facts.as_json() for facts in self.facts]
        known = {"corpora": [facts.as_json() for facts in self.corpora]} if self.corpora else {}
        return {"kind": "check", "schema": 1, **known, "recordings": recordings, "findings": self.rows()}

    def __repr__(self) -> str:
        lines = [f"{item.severity}: {item.file}: {item.problem}" for item in self.findings]
        return "\n".join([f"CheckReport({self.in_words})", *lines])

    @property
    def in_words(self) -> str:
        """One line: what was checked, and how much is wrong."""
        kind = "dataset(s)" if self.datasets and not self.recordings else "recording(s)"
        notes = len(self.findings) - self.wrong
        return (
            f"{self.datasets + self.recordings} {kind} checked: {self.wrong or 'nothing'} wrong"
            f"{f', {notes} note(s)' if notes else ''}"
        )


def check(
    source: Source | Sequence[Source],
    options: CheckOptions | None = None,
    workers: int = 0,
    progress: Progress = SILENT,
    *,
    shard: Shard | str | None = None,
    recognizer: Recognizes | None = None,
    **fields: Any,
) -> CheckReport:
    """Look for what is wrong with recordings or datasets, before anything slow; every file is decoded to its end.

    Args:
        source: datasets, videos, folders with videos, or corpora (:mod:`rtmri2speech.corpora`).
        options: how recordings are to be prepared.
        workers: processes; 0 for one per core.
        progress: counts files.
        shard: look at a share of the recordings and utterances alone, such as ``3/8``; what is wrong with a dataset's
            tables, or with files that are no recordings, is found with the first.
        recognizer: finds words in the sound before and after ``denoise``; nothing is recognized without one.
        fields: fields of :class:`CheckOptions`, instead of ``options`` or to change some of them.

    Raises:
        ConfigError: for unknown or impossible options, or when nothing is given; when the recordings have no frame
            rate in common that was asked for as ``frame_rate="native"``.
        UserError: when recordings cannot be listed.
    """
    options, share = (options or CheckOptions()).changed(fields, "check"), Shard.of(shard)
    if recognizer is not None and options.denoise == NONE:
        raise ConfigError("`recognizer`: there is nothing to compare.", "Give `denoise` too, or leave it out.")
    sources = list_of(source)
    paths = [Path(item) for item in sources if isinstance(item, str | os.PathLike)]
    corpora: list[Corpus] = [item for item in sources if not isinstance(item, str | os.PathLike)]
    datasets = [path for path in paths if is_dataset(path)]
    if others := tuple(path for path in paths if path not in datasets):
        corpora.append(FolderCorpus(others))
    if not sources:
        raise ConfigError("Nothing to check.", "Name videos, a folder or a dataset: rtmri2speech check PATH")
    findings: list[Finding] = []
    for path in datasets:
        try:
            findings += check_dataset(path, workers, progress, share)
        except DatasetError as error:
            findings.append(Finding(str(path), "error", error.problem, error.remedy))
    listings = [listing_of(corpus) for corpus in corpora]
    everything = [recording for listing in listings for recording in listing.recordings]
    options, recordings = _on_clock(options, everything), share_of(share, everything)
    checked = look_at_recordings(recordings, options, workers, progress, recognizer)
    findings += [finding for one in checked for finding in one.findings]
    if share is None or share.index == 1:
        findings += from_remarks(remark for listing in listings for remark in listing.remarks)
    known = [facts for facts in map(facts_of, corpora) if facts is not None]
    return CheckReport(findings, len(datasets), len(recordings), [one.facts for one in checked], known)


def _on_clock(options: CheckOptions, recordings: Sequence[AnyRecording]) -> CheckOptions:
    """Options whose features, and windows unless they were given, are those of the dataset that would be prepared."""
    if options.frame_rate is None:
        return options
    features = features_of(options.features, options.frame_rate, recordings, options.fps, options.video_stream)
    window = options.ref_frames if "ref_frames" in options.model_fields_set else window_at(features)
    return options.model_copy(update={"features": features, "ref_frames": window, "frame_rate": None})


@dataclass(frozen=True)
class Checked:
    """A recording that was looked at: what it is, and what is wrong with it."""

    facts: RecordingFacts
    findings: list[Finding]


def check_recordings(
    recordings: Sequence[AnyRecording], options: CheckOptions, workers: int = 0, progress: Progress = SILENT
) -> list[Finding]:
    """Check every recording; errors, warnings and notes, in the order of the recordings.

    Args:
        recordings: with their files.
        options: how they are to be prepared.
        workers: processes; 0 for one per core.
        progress: counts recordings.
    """
    return [item for one in look_at_recordings(recordings, options, workers, progress) for item in one.findings]


def look_at_recordings(
    recordings: Sequence[AnyRecording],
    options: CheckOptions,
    workers: int = 0,
    progress: Progress = SILENT,
    recognizer: Recognizes | None = None,
) -> list[Checked]:
    """As :func:`check_recordings`, with what each recording is."""
    progress.expect(len(recordings))
    results: dict[AnyRecording, Checked] = {}
    work = partial(check_recording, options=options, recognizer=recognizer)
    for recording, outcome in run_jobs(work, recordings, workers):
        if isinstance(outcome, UserError):
            error = Finding.from_error(recording.file, outcome)
            outcome = Checked(RecordingFacts(str(recording.file)), [error])
        results[recording] = outcome
        progress.advance()
    return [results[recording] for recording in recordings]


def check_recording(recording: AnyRecording, options: CheckOptions, recognizer: Recognizes | None = None) -> Checked:
    """Everything that can be said about one recording."""
    facts = RecordingFacts(str(recording.file))
    if isinstance(recording, SoundRecording):
        return _check_sound_alone(recording, options, facts, recognizer)
    try:
        scan = scan_recording(recording, options.fps, options.video_stream)
    except MediaError as error:
        return Checked(facts, [Finding.from_error(recording.video, error)])
    facts = replace(facts, stream=describe_video(scan))
    trim = options.trim_over_bright or recording.starts_over_bright
    findings = check_scan(scan, options.features, trim) + from_remarks(remarks_on_video(recording, scan, options.fps))
    try:
        clip = open_clip(scan, options.features, FrameConfig(), trim)
        sound = find_sound(recording, scan, options.tracks)
    except MediaError as error:
        missing = isinstance(error, MissingSound)
        if not (missing and not options.need_sound):
            findings.append(Finding.from_error(recording.video, error))
        notes, grid = _check_annotation(recording, None)
        return Checked(replace(facts, labels=_labels(grid)), [*findings, *notes])
    notes, grid = _check_annotation(recording, sound.duration)
    findings += from_remarks(remarks_on_sound(recording, scan))
    gap = offsets(sound, clip, recording.sync_offset)
    end = end_of_band(sound.samples, sound.rate, options.features.top)
    findings += notes + check_sound(recording, sound, clip, options.features, options.on_mismatch, gap, end)
    if all(finding.severity != "error" for finding in findings):
        frames = shared_frames(sound, clip, options.features, gap)
        findings += check_length(recording.video, frames, options.features, options.ref_frames)
    noise = _check_noise(recording, sound, options, span_of(clip, gap), recognizer, grid)
    findings += noise.findings
    facts = replace(
        facts,
        sound=describe_sound(recording, sound),
        offset=round(gap.lead, 4),
        labels=_labels(grid),
        **sound_facts(sound, end),
        **noise.columns(),
    )
    if options.sync:
        estimate = measure_sync(scan, clip, sound, gap)
        facts = replace(facts, sync=estimate)
        findings += check_sync(recording, estimate, recording.sync_offset)
    return Checked(facts, findings)


def _check_noise(
    recording: AnyRecording,
    sound: Sound,
    options: CheckOptions,
    span: tuple[float, float] | None,
    recognizer: Recognizes | None,
    grid: TextGrid | None,
) -> NoiseFacts:
    """The noise of a sound; a denoiser that fails is an error of the recording."""
    try:
        return noise_of(recording, sound, options.denoise, span, recognizer, grid)
    except MediaError as error:
        found = noise_of(recording, sound, NONE, span)
        return replace(found, findings=[Finding.from_error(recording.audio or recording.file, error)])


def _labels(grid: TextGrid | None) -> str | None:
    return None if grid is None else describe_labels(grid)


def _check_annotation(recording: AnyRecording, seconds: float | None) -> tuple[list[Finding], TextGrid | None]:
    """What is to be said of an annotation, and what it is; of its length only where that of the sound is known."""
    path = recording.textgrid
    if path is None:
        return [], None
    try:
        grid = read_textgrid(path)
        notes = [] if seconds is None else fit_to_sound(grid, path, seconds)[1]
    except MediaError as error:
        return [Finding.from_error(path, error)], None
    return [Finding(str(path), "note", *note) for note in notes], grid


def _check_sound_alone(
    recording: SoundRecording, options: CheckOptions, facts: RecordingFacts, recognizer: Recognizes | None
) -> Checked:
    features = options.features
    try:
        sound = read_sound(recording.audio, options.tracks)
    except MediaError as error:
        notes, grid = _check_annotation(recording, None)
        return Checked(replace(facts, labels=_labels(grid)), [*notes, Finding.from_error(recording.audio, error)])
    findings, grid = _check_annotation(recording, sound.duration)
    problem = too_short(int(sound.duration * features.frame_rate), features)
    if problem is not None:
        findings.append(Finding(str(recording.audio), "note", problem, "It will be left out."))
    end = end_of_band(sound.samples, sound.rate, features.top)
    findings += [*check_level(recording.audio, sound, features, end), *check_clock(recording.audio, sound)]
    noise = _check_noise(recording, sound, options, None, recognizer, grid)
    named = replace(facts, sound=describe_sound(recording, sound), labels=_labels(grid))
    return Checked(replace(named, **sound_facts(sound, end), **noise.columns()), [*findings, *noise.findings])
