"""What can be wrong with a video, a sound, or the two together, found in what has been read already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rtmri2speech.corpora.base import Recording
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.preparation.align import MismatchPolicy, Offsets, explain_mismatch
from rtmri2speech.signal.features import FeatureConfig

TRIM = "Leave them out with `trim_over_bright=True`."
"""What to do about over-bright frames."""

Severity = Literal["error", "warning", "note"]

# Fifty decibels below full scale; even a quiet recording has peaks above it.
_SILENT_PEAK = 3e-3


@dataclass(frozen=True)
class Finding:
    """Something about a file. Errors keep ``prepare`` from using it; warnings do not; notes are for information."""

    file: str
    severity: Severity
    problem: str
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """As an object of ``check --json``."""
        return asdict(self)

    @classmethod
    def from_error(cls, path: Path, error: UserError) -> Finding:
        """An error that was raised while ``path`` was being read."""
        # Messages start with the file they are about; the table has a column for it.
        name, separator, problem = error.problem.partition(": ")
        if separator and Path(name).exists():
            return cls(name, "error", problem, error.remedy)
        return cls(str(path), "error", error.problem, error.remedy)


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise the first error among findings.

    Raises:
        MediaError: when there is one.
    """
    for finding in findings:
        if finding.severity == "error":
            raise MediaError(f"{finding.file}: {finding.problem}", finding.remedy)


def check_scan(scan: VideoScan, features: FeatureConfig, trim_over_bright: bool = False) -> list[Finding]:
    """What the video shows without its sound."""
    findings: list[Finding] = []

    def add(severity: Severity, problem: str, remedy: str) -> None:
        findings.append(Finding(str(scan.path), severity, problem, remedy))

    if scan.damage is not None:
        add("error", scan.damage, "Sound and video may be out of step after the damage: copy or export the file again.")
    elif 0 < scan.announced < scan.n_frames:
        add("note", f"{scan.announced} frames announced, {scan.n_frames} decoded", "The decoded ones are used.")
    if scan.concealed:
        add(
            "warning",
            f"{scan.concealed} frame(s) are damaged in part and were filled in by the decoder",
            "Copy or export the file again.",
        )
    if scan.frozen:
        add("error", "the video never changes: all frames are the same", "Export the recording again.")
    elif scan.blank:
        when = float(scan.starts[scan.blank[0]])
        add(
            "warning",
            f"{len(scan.blank)} blank frame(s) without any contrast, the first at {when:.2f} s",
            "They become black; cut them off if they are not part of the recording.",
        )
    if scan.over_bright and not trim_over_bright:
        add("note", *over_bright(scan))
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
            + ". If the file's rate is wrong, give the true one: `fps`.",
        )
    return findings


def over_bright(scan: VideoScan) -> tuple[str, str]:
    """What to say of over-bright frames at the start, and what to do about them."""
    until = float(scan.starts[scan.over_bright] - scan.starts[0])
    return (
        f"the first {scan.over_bright} frames ({until:.2f} s) are brighter than the rest "
        f"(mean {scan.means[0]:.0f} against {np.median(scan.means):.0f}): the scan's approach to steady state",
        TRIM,
    )


def check_sound(
    recording: Recording, sound: Sound, clip: Clip, on_mismatch: MismatchPolicy, gap: Offsets | None = None
) -> list[Finding]:
    """What the sound shows, alone and against the video; ``gap`` where their offsets are known already."""
    findings = check_level(recording.audio or recording.video, sound)
    mismatch = explain_mismatch(sound, clip, recording.sync_offset, gap)
    if mismatch is not None:
        severity: Severity = "note" if on_mismatch == "trim" else "error"
        findings.append(Finding(str(recording.video), severity, *mismatch))
    return findings


def check_level(path: Path, sound: Sound) -> list[Finding]:
    """Whether a sound is silent, and whether it is clipped."""
    findings: list[Finding] = []
    peak = float(np.abs(sound.samples).max())
    if peak < _SILENT_PEAK:
        problem = f"the sound is silent (largest sample {peak:.5f})"
        findings.append(Finding(str(path), "error", problem, "Find the right sound file."))
    clipped = float(np.mean(np.abs(sound.samples) >= 0.999))
    if clipped > 1e-3:
        problem = f"{clipped:.1%} of the samples are clipped"
        findings.append(Finding(str(path), "warning", problem, "Record with less gain if you can."))
    return findings


def too_short(n_frames: int, features: FeatureConfig) -> str | None:
    """What to say of sound with too few frames for a mel spectrogram, or None."""
    needed = -(-features.min_samples // features.hop_length)
    if n_frames >= needed:
        return None
    return f"the sound is shorter than the {needed / float(features.frame_rate):.2f} s that a mel spectrogram needs"
