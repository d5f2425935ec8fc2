"""What a recording is, in the words of ``check``'s table: a row for each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rtmri2speech.corpora.base import AnyRecording
from rtmri2speech.data.annotation.grid import TextGrid
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.preparation.align import Offsets
from rtmri2speech.preparation.denoising.evidence import DenoisingEffect
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.signal.sync import MotionTrack, SyncEstimate, estimate_sync

# A recording in sync shows movement up to a tenth of a second before its sound; estimates scatter by as much.
_IN_SYNC = (-0.1, 0.2)
_SURE = 0.5


@dataclass(frozen=True)
class RecordingFacts:
    """What was found in a recording; None where it has no such thing, or could not be read.

    Attributes:
        file: the video, or the sound where there is none.
        stream: the video's codec, size and frame rate.
        sound: where the sound was taken from.
        rate: its samples per second.
        offset: seconds of sound before the first frame (negative: it starts later).
        drift: seconds by which the sound's time stamps ran ahead of its samples, which were moved to follow them.
        channels: which channels of the sound are used.
        band: frequency in Hz up to which the sound can fill the features.
        labels: the annotation's tiers, and how many labels each has.
        sync: how late the sound seems to be compared with movement, where that was asked for.
        snr: level of speech above that of its pauses, dB.
        denoised: why noise seems to have been taken off already; empty where nothing says so.
        effect: what taking it off would do, where that was asked for.
    """

    file: str
    stream: str | None = None
    sound: str | None = None
    rate: int | None = None
    offset: float | None = None
    drift: float | None = None
    channels: str | None = None
    band: float | None = None
    labels: str | None = None
    sync: SyncEstimate | None = None
    snr: float | None = None
    denoised: str = ""
    effect: DenoisingEffect | None = None

    def as_json(self) -> dict[str, Any]:
        """As an object of ``check --json``."""
        return asdict(self)


def describe_video(scan: VideoScan) -> str:
    """A video in one line."""
    return f"{scan.codec}, {scan.width}x{scan.height}, {float(scan.rate):.4g} fps"


def describe_sound(recording: AnyRecording, sound: Sound) -> str:
    """Which sound is used."""
    name = "own track" if recording.audio is None else recording.audio.name
    return f"{name} {sound.track}".rstrip()


def describe_labels(grid: TextGrid) -> str:
    """An annotation in one line."""
    return ", ".join(f"{tier.name} ({len(tier.entries)})" for tier in grid.tiers) or "no tier"


def sound_facts(sound: Sound, end: float) -> dict[str, Any]:
    """The columns that a sound fills by itself; ``end`` of its band in Hz."""
    return {
        "rate": sound.rate,
        "drift": round(sound.clock.drift + sum(size for _, size in sound.clock.jumps), 4),
        "channels": sound.channels,
        "band": round(end, 1),
    }


def measure_sync(scan: VideoScan, clip: Clip, sound: Sound, gap: Offsets) -> SyncEstimate | None:
    """How late the sound is compared with movement; None where the recording is too short to tell."""
    skipped = max(clip.skipped, scan.over_bright)
    edges = np.append(scan.starts, scan.end)[skipped:] - clip.start
    if len(edges) < 5:
        return None
    motion = MotionTrack().add(scan.read()).features(skipped)
    return estimate_sync(motion, (edges[:-1] + edges[1:]) / 2, sound.samples, sound.rate, -gap.lead)


def check_sync(recording: AnyRecording, estimate: SyncEstimate | None, sync_offset: float) -> list[Finding]:
    """What is to be said of an estimate."""
    if estimate is None:
        return [Finding(str(recording.file), "note", "too short to tell whether sound and frames are in sync", _LOOK)]
    low, high = _IN_SYNC
    if estimate.confidence < _SURE or low <= estimate.offset <= high:
        return []
    where = "late" if estimate.offset > 0 else "early"
    problem = (
        f"the sound seems {abs(estimate.offset):.2f} s {where} compared with movement "
        f"(confidence {estimate.confidence:.2f}, give or take 0.1 s)"
    )
    return [
        Finding(
            str(recording.file), "warning", problem, f"{_LOOK} If so: `sync_offset={sync_offset + estimate.offset:.2f}`"
        )
    ]


_LOOK = "Look at the closure and the burst of a stop consonant."
