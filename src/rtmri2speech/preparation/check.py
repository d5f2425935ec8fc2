"""Look at recordings and datasets before anything slow, and say what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rtmri2speech.config import Config
from rtmri2speech.corpora.base import AnyRecording, Recording, SoundRecording
from rtmri2speech.corpora.folder import FolderCorpus, unpaired_sounds
from rtmri2speech.data.media.audio import Sound, has_sound, read_sound
from rtmri2speech.data.media.clips import Clip, open_clip
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.textgrid import label_lead, read_textgrid
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.align import MismatchPolicy, explain_mismatch
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """Something about a file. Errors keep ``prepare`` from using it; warnings do not; notes are for information."""

    file: str
    severity: Severity
    problem: str
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """For ``check --json``."""
        return asdict(self)


class CheckOptions(Config):
    """What ``check`` must know to judge recordings as ``prepare`` will."""

    features: FeatureConfig = FeatureConfig()
    fps: Fraction | None = None
    on_mismatch: MismatchPolicy = "refuse"
    trim_over_bright: bool = False
    need_sound: bool = True


# Fifty decibels below full scale even a quiet recording has peaks.
_SILENT_PEAK = 3e-3


def check_recordings(
    recordings: Sequence[AnyRecording], options: CheckOptions, workers: int, on_done: Callable[[AnyRecording], None]
) -> list[Finding]:
    """Check every recording; errors, warnings and notes, in the order of the recordings."""
    results: dict[str, list[Finding]] = {}
    for recording, outcome in run_jobs(partial(check_recording, options=options), recordings, workers):
        results[recording.id] = [_from_error(recording.file, outcome)] if isinstance(outcome, UserError) else outcome
        on_done(recording)
    return [finding for recording in recordings for finding in results[recording.id]]


def _from_error(path: Path, error: UserError) -> Finding:
    # Messages begin with the file they are about; the table has a column for it.
    name, separator, problem = error.problem.partition(": ")
    if separator and Path(name).exists():
        return Finding(name, "error", problem, error.remedy)
    return Finding(str(path), "error", error.problem, error.remedy)


def check_recording(recording: AnyRecording, options: CheckOptions) -> list[Finding]:
    """Everything that can be said about one recording."""
    if isinstance(recording, SoundRecording):
        return _check_sound_alone(recording, options.features)
    try:
        scan = scan_video(recording.video, options.fps)
    except MediaError as error:
        return [_from_error(recording.video, error)]
    findings = [*check_scan(scan, options.features, options.trim_over_bright), *_check_annotation(recording)]
    try:
        clip = open_clip(scan, options.features, FrameConfig(), options.trim_over_bright)
        sound = find_sound(recording, scan)
    except MediaError as error:
        missing = isinstance(error, MissingSound)
        if not (missing and not options.need_sound):
            findings.append(_from_error(recording.video, error))
        return findings
    return findings + check_sound(recording, sound, clip, options.on_mismatch)


def _check_annotation(recording: AnyRecording) -> list[Finding]:
    if recording.textgrid is not None:
        try:
            read_textgrid(recording.textgrid)
        except MediaError as error:
            return [_from_error(recording.textgrid, error)]
    return []


def _check_sound_alone(recording: SoundRecording, features: FeatureConfig) -> list[Finding]:
    findings = _check_annotation(recording)
    try:
        sound = read_sound(recording.audio)
    except MediaError as error:
        return [*findings, _from_error(recording.audio, error)]
    problem = too_short(int(sound.duration * features.frame_rate), features)
    if problem is not None:
        findings.append(Finding(str(recording.audio), "note", problem, "It will be left out."))
    return [*findings, *check_level(recording.audio, sound)]


def too_short(n_frames: int, features: FeatureConfig) -> str | None:
    """What to say of sound with too few frames for a mel spectrogram, or None."""
    needed = -(-features.min_samples // features.hop_length)
    if n_frames >= needed:
        return None
    return f"the sound is shorter than the {needed / float(features.frame_rate):.2f} s that a mel spectrogram needs"


class MissingSound(MediaError):
    """A video that has no sound track and no sound file beside it."""


def find_sound(recording: Recording, scan: VideoScan) -> Sound:
    """Read the recording's sound, from its file or from the video's sound track.

    Raises:
        MissingSound: when there is none, naming sound files that may be meant.
        MediaError: when it cannot be read.
    """
    if recording.audio is not None:
        # A file of its own begins with the picture, whatever time the container gives its first frame.
        return replace(read_sound(recording.audio), start=float(scan.starts[0]))
    if has_sound(recording.video):
        return read_sound(recording.video)
    video = recording.video
    others = unpaired_sounds(video)
    if not others:
        raise MissingSound(
            f"{video}: has no sound: no sound track, and no {video.stem}.wav or .flac beside it.",
            "Put the sound file there, or give --audio-dir or --pairs. Synthesis needs none.",
        )
    duration = scan.duration
    lengths = []
    for path in others[:3]:
        try:
            seconds = read_sound(path).duration
            agrees = "" if abs(seconds - duration) < 1 else f", {abs(seconds - duration):.2f} s off"
            lengths.append(f"{path.name} ({seconds:.2f} s{agrees})")
        except MediaError:
            lengths.append(f"{path.name} (unreadable)")
    raise MissingSound(
        f"{video}: has no sound: no sound track, and no {video.stem}.wav or .flac beside it; the picture lasts "
        f"{duration:.2f} s, and sound files without a video there are {', '.join(lengths)}.",
        f"If one of them belongs to it: --audio {others[0]} (a table for several: --pairs FILE.csv). "
        "Where lengths disagree, --sync-offset and --on-mismatch say what to do.",
    )


def lead_of_labels(clip: Clip) -> float:
    """Seconds from time 0 of the annotation of a video to the clip's first frame, from the sound it is of.

    That is NAME.wav or .flac beside the video, or else its sound track; without sound, the picture's own clock.

    Raises:
        MediaError: when the sound cannot be read.
    """
    (recording,) = FolderCorpus((clip.scan.path,)).recordings()
    try:
        return label_lead(clip.start, find_sound(recording, clip.scan).start)
    except MissingSound:
        return label_lead(clip.start, None)


def check_scan(scan: VideoScan, features: FeatureConfig, trim_over_bright: bool = False) -> list[Finding]:
    """What the picture alone tells."""
    findings: list[Finding] = []

    def add(severity: Severity, problem: str, remedy: str) -> None:
        findings.append(Finding(str(scan.path), severity, problem, remedy))

    if scan.damage is not None:
        add("error", scan.damage, "Sound and picture may be apart after the damage: copy or export the file again.")
    elif 0 < scan.announced < scan.n_frames:
        add("note", f"{scan.announced} frames announced, {scan.n_frames} decoded", "The decoded ones are used.")
    if scan.concealed:
        add(
            "warning",
            f"{scan.concealed} frame(s) are damaged in part and were filled in by the decoder",
            "Copy or export the file again.",
        )
    if scan.frozen:
        add("error", "the picture never changes: all frames are the same", "Export the recording again.")
    elif scan.blank:
        when = float(scan.starts[scan.blank[0]])
        add(
            "warning",
            f"{len(scan.blank)} blank frame(s) without any contrast, the first at {when:.2f} s",
            "They become black; cut them off if they are not part of the recording.",
        )
    if scan.over_bright and not trim_over_bright:
        until = float(scan.starts[scan.over_bright] - scan.starts[0])
        add(
            "note",
            f"the first {scan.over_bright} frames ({until:.2f} s) are brighter than the rest "
            f"(mean {scan.means[0]:.0f} against {np.median(scan.means):.0f}): the scan's approach to steady state",
            "Leave them out with --trim-over-bright.",
        )
    if scan.width != scan.height:
        add(
            "note",
            f"{scan.width}x{scan.height} is not square: it will be stretched",
            "Crop it to a square first if the shape of the tract matters.",
        )
    if abs(float(scan.rate / features.frame_rate) - 1) > 1e-5:
        add(
            "note",
            f"{float(scan.rate):.4f} frames/s will be retimed to {float(features.frame_rate):.4f}",
            "Nothing to do"
            + (", but so few frames miss fast movements" if scan.rate < features.frame_rate / 2 else "")
            + ". If the file's rate is wrong: --fps RATE.",
        )
    return findings


def check_sound(recording: Recording, sound: Sound, clip: Clip, on_mismatch: MismatchPolicy) -> list[Finding]:
    """What the sound tells, alone and against the picture."""
    findings = check_level(recording.audio or recording.video, sound)
    mismatch = explain_mismatch(sound, clip, recording.sync_offset)
    if mismatch is not None:
        severity: Severity = "note" if on_mismatch == "trim" else "error"
        findings.append(Finding(str(recording.video), severity, *mismatch))
    return findings


def check_level(path: Path, sound: Sound) -> list[Finding]:
    """Whether there is anything to hear in a file, and whether it is clipped."""
    findings: list[Finding] = []
    peak = float(np.abs(sound.samples).max())
    if peak < _SILENT_PEAK:
        findings.append(
            Finding(
                str(path), "error", f"the sound is silent (largest sample {peak:.5f})", "Find the right sound file."
            )
        )
    clipped = float(np.mean(np.abs(sound.samples) >= 0.999))
    if clipped > 1e-3:
        findings.append(
            Finding(
                str(path),
                "warning",
                f"{clipped:.1%} of the samples are clipped",
                "Record with less gain if you can.",
            )
        )
    return findings
