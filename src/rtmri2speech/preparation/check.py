"""Check recordings and datasets before anything slow, and say what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from rtmri2speech.corpora.base import AnyRecording, Corpus, SoundRecording
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.inputs import Source, list_of
from rtmri2speech.corpora.sound_of_recording import MissingSound, find_sound
from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.dataset.layout import is_dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.data.tables import Row
from rtmri2speech.errors import ConfigError, DatasetError, MediaError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.align import MismatchPolicy
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.findings import Finding, check_level, check_scan, check_sound, too_short
from rtmri2speech.preparation.open_recording import TrackOptions
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import frame_rate
from rtmri2speech.signal.frames import FrameConfig


class CheckOptions(TrackOptions):
    """What ``check`` must know to find what ``prepare`` would."""

    features: FeatureConfig = FeatureConfig()
    fps: Annotated[Fraction | None, BeforeValidator(frame_rate)] = None
    on_mismatch: MismatchPolicy = "refuse"
    trim_over_bright: bool = False
    need_sound: bool = True


@dataclass(frozen=True)
class CheckReport:
    """What was checked, and what is wrong with it.

    Attributes:
        findings: errors, warnings and notes, in the order of the files.
        datasets: number of datasets checked.
        recordings: number of recordings checked.
    """

    findings: list[Finding]
    datasets: int
    recordings: int

    @property
    def wrong(self) -> int:
        """Number of errors and warnings; notes are not wrong."""
        return sum(finding.severity != "note" for finding in self.findings)

    def rows(self) -> list[Row]:
        """A table: file, severity, problem, remedy. ``pandas.DataFrame(report.rows())`` takes it."""
        return [finding.as_json() for finding in self.findings]

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
    **fields: Any,
) -> CheckReport:
    """Look for what is wrong with recordings or datasets, before anything slow; every file is decoded to its end.

    Args:
        source: datasets, videos, folders with videos, or corpora (:mod:`rtmri2speech.corpora`).
        options: how recordings are to be prepared.
        workers: processes; 0 for one per core.
        progress: counts files.
        fields: fields of :class:`CheckOptions`, instead of ``options`` or to change some of them.

    Raises:
        ConfigError: for unknown or impossible options, or when nothing is given.
        UserError: when recordings cannot be listed.
    """
    options = (options or CheckOptions()).changed(fields, "check")
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
            findings += check_dataset(path, workers, progress)
        except DatasetError as error:
            findings.append(Finding(str(path), "error", error.problem, error.remedy))
    recordings = [recording for corpus in corpora for recording in corpus.recordings()]
    findings += check_recordings(recordings, options, workers, progress)
    return CheckReport(findings, len(datasets), len(recordings))


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
    progress.expect(len(recordings))
    results: dict[AnyRecording, list[Finding]] = {}
    for recording, outcome in run_jobs(partial(check_recording, options=options), recordings, workers):
        if isinstance(outcome, UserError):
            outcome = [Finding.from_error(recording.file, outcome)]
        results[recording] = outcome
        progress.advance()
    return [finding for recording in recordings for finding in results[recording]]


def check_recording(recording: AnyRecording, options: CheckOptions) -> list[Finding]:
    """Everything that can be said about one recording."""
    if isinstance(recording, SoundRecording):
        return _check_sound_alone(recording, options)
    try:
        scan = scan_video(recording.video, options.fps, options.video_stream)
    except MediaError as error:
        return [Finding.from_error(recording.video, error)]
    findings = check_scan(scan, options.features, options.trim_over_bright)
    try:
        clip = open_clip(scan, options.features, FrameConfig(), options.trim_over_bright)
        sound = find_sound(recording, scan, options.tracks)
    except MediaError as error:
        missing = isinstance(error, MissingSound)
        if not (missing and not options.need_sound):
            findings.append(Finding.from_error(recording.video, error))
        return [*findings, *_check_annotation(recording, None)]
    findings += _check_annotation(recording, sound.duration)
    return findings + check_sound(recording, sound, clip, options.features, options.on_mismatch)


def _check_annotation(recording: AnyRecording, seconds: float | None) -> list[Finding]:
    """What is to be said of an annotation; of its length only where that of the sound is known."""
    path = recording.textgrid
    if path is None:
        return []
    try:
        grid = read_textgrid(path)
        notes = [] if seconds is None else fit_to_sound(grid, path, seconds)[1]
    except MediaError as error:
        return [Finding.from_error(path, error)]
    return [Finding(str(path), "note", *note) for note in notes]


def _check_sound_alone(recording: SoundRecording, options: CheckOptions) -> list[Finding]:
    features = options.features
    try:
        sound = read_sound(recording.audio, options.tracks)
    except MediaError as error:
        return [*_check_annotation(recording, None), Finding.from_error(recording.audio, error)]
    findings = _check_annotation(recording, sound.duration)
    problem = too_short(int(sound.duration * features.frame_rate), features)
    if problem is not None:
        findings.append(Finding(str(recording.audio), "note", problem, "It will be left out."))
    return [*findings, *check_level(recording.audio, sound, features)]
