"""What can be wrong with a video, a sound, or the two together, found in what has been read already."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rtmri2speech.corpora.base import Recording, Remark
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.preparation.align import MismatchPolicy, Offsets, explain_mismatch
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.sound_content import end_of_band, first_empty_band, is_soft, loudest_sample, silence_below

Severity = Literal["error", "warning", "note"]

# Seconds of drift of a sound's clock that are worth a word: a quarter of a frame.
_DRIFT = 9e-3

_SILENT = "Give the right sound file, or take another track or channel of this one: `audio_stream`, `channel`."


@dataclass(frozen=True)
class Finding:
    """Something about a file. Errors keep ``prepare`` from using it; warnings do not; notes are for information.

    Attributes:
        file: which one.
        severity: how bad it is.
        problem: what was found.
        remedy: what to do about it.
        decision: whether something was decided for the user, who is told by ``prepare`` too.
    """

    file: str
    severity: Severity
    problem: str
    remedy: str
    decision: bool = False

    def as_json(self) -> dict[str, Any]:
        """As an object of ``check --json``."""
        return {name: value for name, value in asdict(self).items() if name != "decision"}

    @classmethod
    def from_error(cls, path: Path, error: UserError) -> Finding:
        """An error that was raised while ``path`` was being read."""
        # Messages start with the file they are about; the table has a column for it.
        name, separator, problem = error.problem.partition(": ")
        if separator and os.path.lexists(name):
            return cls(name, "error", problem, error.remedy)
        return cls(str(path), "error", error.problem, error.remedy)


def from_remarks(remarks: Iterable[Remark]) -> list[Finding]:
    """What was noticed when files were looked for."""
    return [Finding(str(item.file), item.severity, item.problem, item.remedy, item.decision) for item in remarks]


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
    if scan.odd:
        first = scan.odd[0]
        problem = (
            f"{len(scan.odd)} frame(s) have a time stamp that is missing, double or out of order, the first is frame "
            f"{first} at {float(scan.starts[first]):.2f} s"
        )
        remedy = (
            f"They are shown between their neighbors; times there are uncertain by {float(1 / scan.rate):.3f} s. If "
            "all stamps are wrong, give the true rate: `fps`."
        )
        findings.append(Finding(str(scan.path), "note", problem, remedy, decision=True))
    if scan.cut:
        add(
            "note",
            f"cut without encoding again: its first frame comes {scan.cut:.3f} s after the start of its sound",
            "Nothing to do: the sound is kept in step.",
        )
    if scan.shown is not None:
        add(
            "note",
            f"{int(scan.shown.sum()) - len(scan.shown)} empty frame(s) (dropped by the recorder)",
            "Nothing to do: the frame before each is shown once more.",
        )
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
        until = float(scan.starts[scan.over_bright] - scan.starts[0])
        problem = (
            f"the first {scan.over_bright} frames ({until:.2f} s) are brighter than the rest "
            f"(mean {scan.means[0]:.0f} against {np.median(scan.means):.0f}): the scan's approach to steady state"
        )
        findings.append(
            Finding(str(scan.path), "note", problem, "Leave them out with `trim_over_bright=True`.", decision=True)
        )
    aspect = scan.pixel_aspect
    if scan.width * aspect != scan.height:
        shown = "" if aspect == 1 else f" of pixels {aspect.numerator}:{aspect.denominator}"
        add(
            "note",
            f"{scan.width}x{scan.height}{shown} is not square: it will be stretched",
            "Crop it to a square first if the shape of the tract matters.",
        )
    elif aspect != 1:
        add(
            "note",
            f"the pixels are {aspect.numerator}:{aspect.denominator}, not square: "
            f"{scan.width}x{scan.height} is shown, and used, as a square",
            "Lines and regions are given in the pixels of the file.",
        )
    findings += [Finding(str(scan.path), "note", *note, decision=True) for note in scan.notes]
    if abs(float(scan.rate / features.frame_rate) - 1) > 1e-5:
        add(
            "note",
            f"{float(scan.rate):.4f} frames/s will be retimed to {float(features.frame_rate):.4f}",
            "Nothing to do"
            + (", but so few frames miss fast movements" if scan.rate < features.frame_rate / 2 else "")
            + ". If the file's rate is wrong, give the true one: `fps`.",
        )
    return findings


def check_sound(
    recording: Recording,
    sound: Sound,
    clip: Clip,
    features: FeatureConfig,
    on_mismatch: MismatchPolicy,
    gap: Offsets | None = None,
    end: float | None = None,
) -> list[Finding]:
    """What the sound shows, alone and against the video; ``gap`` (offsets) and ``end`` (of the band) if known."""
    path = recording.audio or recording.video
    findings = [*check_level(path, sound, features, end), *check_clock(path, sound)]
    mismatch = explain_mismatch(sound, clip, recording.sync_offset, gap)
    if mismatch is not None:
        severity: Severity = "note" if on_mismatch == "trim" else "error"
        findings.append(Finding(str(recording.video), severity, *mismatch))
    return findings


def check_clock(path: Path, sound: Sound) -> list[Finding]:
    """How the time stamps of a sound differed from its samples, which follow them."""
    findings: list[Finding] = []
    clock = sound.clock
    if abs(clock.drift) > _DRIFT:
        problem = (
            f"the sound's time stamps run {abs(clock.drift):.3f} s {'slower' if clock.drift > 0 else 'faster'} than "
            f"its samples over {clock.length:.1f} s ({abs(clock.drift) / clock.length:.2%})"
        )
        remedy = (
            "Nothing to do: it was resampled to follow them. If that is wrong, export the sound as a file of its own."
        )
        findings.append(Finding(str(path), "note", problem, remedy, decision=True))
    if clock.jumps:
        at, size = max(clock.jumps, key=lambda jump: abs(jump[1]))
        problem = f"the sound's time stamps jump {len(clock.jumps)} time(s), at most by {size:+.3f} s at {at:.2f} s"
        remedy = (
            "Silence was put where sound is missing, and what overlaps was left out; look at sound and video there."
        )
        findings.append(Finding(str(path), "warning", problem, remedy))
    if clock.odd:
        problem = f"{clock.odd} time stamp(s) of the sound are out of line with those around them"
        findings.append(Finding(str(path), "note", problem, "Nothing to do: they were not used."))
    if clock.uncertain:
        problem = (
            f"the sound may be off by up to {clock.uncertain:.3f} s: the file does not say more exactly when it starts"
        )
        if clock.drift or clock.jumps:
            problem = f"the sound's time stamps scatter: it may be off by up to {clock.uncertain:.3f} s"
        findings.append(
            Finding(str(path), "note", problem, "Use the sound as it was recorded, as a WAV with PCM.", True)
        )
    return findings


def check_length(path: Path, n_frames: int, features: FeatureConfig, ref_frames: int) -> list[Finding]:
    """Whether sound and video together are long enough for a window, and for a mel spectrogram."""
    needed = max(features.min_frames, ref_frames)
    if n_frames >= needed:
        return []
    seconds = needed / float(features.frame_rate)
    problem = f"{n_frames} frame(s) with sound; the least that can be used is {needed} ({seconds:.2f} s)"
    return [Finding(str(path), "error", problem, "Give a longer recording.")]


def check_level(path: Path, sound: Sound, features: FeatureConfig, end: float | None = None) -> list[Finding]:
    """Whether a sound is silent, clipped, or of a narrower band than the mel spectrogram, and how it was read."""
    findings = [Finding(str(path), "note", *note, decision=True) for note in sound.notes]
    peak = loudest_sample(sound.samples)
    if peak < silence_below(sound.resolution):
        constant = float(np.abs(sound.samples).max()) > 2 * peak
        problem = f"the sound is silent (largest sample {peak:.5f}{', without its constant part' if constant else ''})"
        return [*findings, Finding(str(path), "error", problem, _SILENT)]
    if is_soft(peak):
        problem = f"the sound is very soft ({20 * np.log10(peak):.0f} dB of full scale)"
        remedy = "Listen to it: is it the right one? Otherwise nothing to do."
        findings.append(Finding(str(path), "note", problem, remedy, decision=True))
    clipped = float(np.mean(np.abs(sound.samples) >= 0.999))
    if clipped > 1e-3:
        problem = f"{clipped:.1%} of the samples are clipped"
        findings.append(Finding(str(path), "warning", problem, "Record with less gain if you can."))
    end = end_of_band(sound.samples, sound.rate, features.top) if end is None else end
    empty = first_empty_band(end, features)
    if empty is not None:
        problem = (
            f"the sound ends at {end:.0f} Hz, the mel spectrogram at {features.top:.0f} Hz: "
            f"bands {empty} to {features.n_mels} hold nothing"
        )
        remedy = "Use the original recording, of a higher sampling rate, if there is one."
        findings.append(Finding(str(path), "note", problem, remedy, decision=True))
    return findings


def too_short(n_frames: int, features: FeatureConfig) -> str | None:
    """What to say of sound with too few frames for a mel spectrogram, or None."""
    if n_frames >= features.min_frames:
        return None
    seconds = features.min_frames / float(features.frame_rate)
    return f"the sound is shorter than the {seconds:.2f} s that a mel spectrogram needs"
