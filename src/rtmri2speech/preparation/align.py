"""Sound against video: the sample at which the first frame starts, and lengths that disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rtmri2speech.arrays import Float32
from rtmri2speech.corpora.sound_of_recording import LENGTH_TOLERANCE
from rtmri2speech.data.media.audio import Sound, resample
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import label_lead
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.features import FeatureConfig

MismatchPolicy = Literal["refuse", "trim"]


@dataclass(frozen=True)
class Offsets:
    """Where the sound lies against the video, in seconds.

    Attributes:
        lead: sound before the first frame (negative: it starts after it).
        tail: sound after the end of the video (negative: it ends before it).
    """

    lead: float
    tail: float

    @property
    def agree(self) -> bool:
        """Whether the sound covers the video and ends with it, within the tolerance."""
        return self.lead >= -LENGTH_TOLERANCE and abs(self.tail) <= LENGTH_TOLERANCE


def offsets(sound: Sound, clip: Clip, sync_offset: float) -> Offsets:
    """Compare sound and video, given the seconds of sound before the first frame."""
    lead = label_lead(clip.start, sound.start) + sync_offset
    return Offsets(lead, sound.duration - lead - (clip.scan.end - clip.start))


def span_of(clip: Clip, gap: Offsets) -> tuple[float, float]:
    """First and last second of the sound that belong to the video: the scanner may have been silent before."""
    return gap.lead, gap.lead + clip.scan.end - clip.start


def shared_frames(sound: Sound, clip: Clip, features: FeatureConfig, gap: Offsets) -> int:
    """Frames of the video that have sound, as :func:`align` would leave them, to within one."""
    first = max(0, math.ceil(-round(gap.lead * features.sample_rate) / features.hop_length))
    length = int((sound.duration - gap.lead) * float(features.frame_rate) + 1e-3)
    return max(0, min(clip.n_frames, length) - first)


def explain_mismatch(
    sound: Sound, clip: Clip, sync_offset: float, gap: Offsets | None = None
) -> tuple[str, str] | None:
    """What disagrees by more than the tolerance and what to do, or None.

    Args:
        sound: at its own rate.
        clip: the video.
        sync_offset: seconds of sound before the first frame.
        gap: their offsets, where they are known already.
    """
    gap = gap or offsets(sound, clip, sync_offset)
    if gap.agree:
        return None
    parts = []
    if -gap.lead > LENGTH_TOLERANCE:
        parts.append(f"the sound starts {-gap.lead:.2f} s after the video")
    if gap.tail > LENGTH_TOLERANCE:
        parts.append(f"the sound goes on {gap.tail:.2f} s after the video has ended")
    if -gap.tail > LENGTH_TOLERANCE:
        parts.append(f"the sound ends {-gap.tail:.2f} s before the video")
    length = clip.scan.end - clip.start
    shift = f" with `sync_offset={sync_offset:g}`" if sync_offset else ""
    return (
        f"sound and video disagree: {sound.duration:.2f} s of sound, {length:.2f} s of video{shift}; "
        + " and ".join(parts)
        + ".",
        "If the sound was started before the scan, say how many seconds earlier: `sync_offset`. "
        "If it merely goes on longer, keep what both have: `on_mismatch='trim'`. "
        "If the frame rate in the file is wrong, give the true one: `fps`. Otherwise this is the wrong sound file.",
    )


def align(
    sound: Sound,
    clip: Clip,
    features: FeatureConfig,
    sync_offset: float,
    on_mismatch: MismatchPolicy,
    gap: Offsets | None = None,
) -> tuple[int, Float32]:
    """Cut the sound to the video.

    Args:
        sound: at its own rate.
        clip: the video on the feature clock.
        features: sampling rate and hop.
        sync_offset: seconds of sound before the first frame, beyond what the container says.
        on_mismatch: ``refuse`` or ``trim`` to what both have.
        gap: their offsets, where they are known already.

    Returns:
        The first frame that has sound, and samples at the feature rate: hop_length per frame from there on.

    Raises:
        MediaError: when lengths disagree (and ``refuse``), or nothing is left.
    """
    gap = gap or offsets(sound, clip, sync_offset)
    mismatch = explain_mismatch(sound, clip, sync_offset, gap) if on_mismatch == "refuse" else None
    if mismatch is not None:
        raise MediaError(f"{clip.scan.path}: {mismatch[0]}", mismatch[1])
    rate, hop = features.sample_rate, features.hop_length
    samples = resample(sound.samples, sound.rate, rate)
    lead = round(gap.lead * rate)
    first = max(0, math.ceil(-lead / hop))
    start = lead + first * hop
    frames = min(clip.n_frames - first, (len(samples) - start) // hop)
    if frames < 1:
        raise MediaError(
            f"{clip.scan.path}: with `sync_offset={sync_offset:g}` no sound is left for the video.",
            "Correct `sync_offset`: positive when the sound was started before the video.",
        )
    return first, samples[start : start + frames * hop]
