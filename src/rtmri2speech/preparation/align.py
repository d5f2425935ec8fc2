"""Sound against picture: the sample at which the picture begins, and lengths that disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import Sound, resample
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import label_lead
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.features import FeatureConfig

LENGTH_TOLERANCE = 0.25
"""Seconds by which sound and picture may end apart: codecs pad their last packet (AAC: up to 0.1 s)."""

MismatchPolicy = Literal["refuse", "trim"]


@dataclass(frozen=True)
class Offsets:
    """Where the sound lies against the picture, in seconds.

    Attributes:
        lead: sound before the picture begins (negative: it begins after the picture).
        tail: sound after the picture ends (negative: it ends before the picture).
    """

    lead: float
    tail: float


def offsets(sound: Sound, clip: Clip, sync_offset: float) -> Offsets:
    """Compare sound and picture, given the seconds of sound before the picture begins."""
    lead = label_lead(clip.start, sound.start) + sync_offset
    return Offsets(lead, sound.duration - lead - (clip.scan.end - clip.start))


def explain_mismatch(sound: Sound, clip: Clip, sync_offset: float) -> tuple[str, str] | None:
    """What disagrees by more than the tolerance and what to do, or None."""
    gap = offsets(sound, clip, sync_offset)
    late, early_end, long_end = -gap.lead > LENGTH_TOLERANCE, -gap.tail > LENGTH_TOLERANCE, gap.tail > LENGTH_TOLERANCE
    if not (late or early_end or long_end):
        return None
    picture = clip.scan.end - clip.start
    parts = []
    if late:
        parts.append(f"the sound begins {-gap.lead:.2f} s after the picture")
    if long_end:
        parts.append(f"the sound goes on {gap.tail:.2f} s after the picture has ended")
    if early_end:
        parts.append(f"the sound ends {-gap.tail:.2f} s before the picture")
    shift = f" with --sync-offset {sync_offset:g}" if sync_offset else ""
    return (
        f"sound and picture disagree: {sound.duration:.2f} s of sound, {picture:.2f} s of picture{shift}; "
        + " and ".join(parts)
        + ".",
        "If the sound was started before the scan, say how many seconds earlier: --sync-offset SECONDS. "
        "If it merely goes on longer, keep what both have: --on-mismatch trim. "
        "If the frame rate in the file is wrong: --fps RATE. Otherwise this is the wrong sound file.",
    )


def align(
    sound: Sound, clip: Clip, features: FeatureConfig, sync_offset: float, on_mismatch: MismatchPolicy
) -> tuple[int, NDArray[np.float32]]:
    """Cut the sound to the picture.

    Args:
        sound: at its own rate.
        clip: the picture on the feature clock.
        features: sampling rate and hop.
        sync_offset: seconds of sound before the picture begins, beyond what the container says.
        on_mismatch: ``refuse`` or ``trim`` to what both have.

    Returns:
        The first frame that has sound, and samples at the feature rate: hop_length for each frame from
        there on.

    Raises:
        MediaError: when lengths disagree (and ``refuse``), or nothing is left.
    """
    mismatch = explain_mismatch(sound, clip, sync_offset)
    if mismatch is not None and on_mismatch == "refuse":
        raise MediaError(f"{clip.scan.path}: {mismatch[0]}", mismatch[1])
    rate, hop = features.sample_rate, features.hop_length
    samples = resample(sound.samples, sound.rate, rate)
    begin = round(offsets(sound, clip, sync_offset).lead * rate)
    first = max(0, math.ceil(-begin / hop))
    start = begin + first * hop
    frames = min(clip.n_frames - first, (len(samples) - start) // hop)
    if frames < 1:
        raise MediaError(
            f"{clip.scan.path}: with --sync-offset {sync_offset:g} no sound is left beside the picture.",
            "Correct --sync-offset: positive when the sound was started before the picture.",
        )
    return first, samples[start : start + frames * hop]
