"""A recording opened: its video on the feature clock, its sound cut to it, and what was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator

from rtmri2speech.arrays import Float32
from rtmri2speech.config import Config
from rtmri2speech.corpora.base import AnyRecording, Recording
from rtmri2speech.corpora.sound_of_recording import find_sound, remarks_on_sound
from rtmri2speech.corpora.video_of_recording import rate_of_recording, remarks_on_video, scan_recording
from rtmri2speech.data.media.clips import Clip, open_clip
from rtmri2speech.data.media.streams import AS_FLAGGED, Channel, StreamNumber, Tracks
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.preparation.align import MismatchPolicy, align, offsets, span_of
from rtmri2speech.preparation.denoising.denoisers import NONE, denoised, denoiser_name
from rtmri2speech.preparation.findings import Finding, check_scan, check_sound, from_remarks, refuse_errors
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import NATIVE, QUICKEST, SLOWEST, FrameRate, features_at
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.retiming import SAME_RATE_TOLERANCE

# Recordings that a message names for each frame rate.
_NAMED = 2


class TrackOptions(Config):
    """What to take from files that hold several videos, sound tracks or channels, and from their sound."""

    video_stream: StreamNumber | None = None
    audio_stream: StreamNumber | None = None
    channel: Channel | None = None
    denoise: Annotated[str, BeforeValidator(denoiser_name)] = NONE

    @property
    def tracks(self) -> Tracks:
        """As one value."""
        return Tracks(self.video_stream, self.audio_stream, self.channel)


@dataclass(frozen=True)
class OpenRecording:
    """A video with its sound on the feature clock.

    Attributes:
        clip: the video.
        first: frame of the clip at which ``samples`` start: the first one that has sound.
        samples: shape (N,), at the feature rate, hop_length per frame.
        lead: seconds from the start of the sound, and so of its annotation, to the clip's first frame.
        sound_seconds: length of the whole sound, before it was cut.
        findings: warnings and notes.
    """

    clip: Clip
    first: int
    samples: Float32
    lead: float
    sound_seconds: float
    findings: list[Finding]


def open_recording(
    recording: Recording,
    features: FeatureConfig,
    frames: FrameConfig,
    *,
    fps: FrameRate | None = None,
    on_mismatch: MismatchPolicy = "refuse",
    trim_over_bright: bool = False,
    tracks: Tracks = AS_FLAGGED,
    denoise: str = NONE,
) -> OpenRecording:
    """Open a video with its sound, and refuse what cannot be used.

    Args:
        recording: video, sound and the offset between them.
        features: the clock.
        frames: size and normalization.
        fps: true frame rate, where the file's is wrong.
        on_mismatch: what to do when sound and video disagree in length.
        trim_over_bright: leave out over-bright frames at the start.
        tracks: the video, the sound track and the channel to take.
        denoise: what takes the noise off the sound: ``none``, ``spectral`` or ``command:COMMAND``.

    Raises:
        ConfigError: when ``fps`` is not a frame rate.
        MediaError: when video or sound is missing, damaged or silent, they disagree in length, or the noise cannot be
            taken off.
    """
    scan = scan_recording(recording, fps, tracks.video)
    trim_over_bright = trim_over_bright or recording.starts_over_bright
    clip = open_clip(scan, features, frames, trim_over_bright)
    sound = find_sound(recording, scan, tracks)
    gap = offsets(sound, clip, recording.sync_offset)
    findings = [
        *check_scan(scan, features, trim_over_bright),
        *check_sound(recording, sound, clip, features, on_mismatch, gap),
        *from_remarks([*remarks_on_video(recording, scan, fps), *remarks_on_sound(recording, scan)]),
    ]
    refuse_errors(findings)
    if denoise != NONE:
        made = denoised(recording, sound, denoise, span_of(clip, gap))
        sound, findings = made.sound, [*findings, *made.findings]
    first, samples = align(sound, clip, features, recording.sync_offset, on_mismatch, gap)
    return OpenRecording(clip, first, samples, gap.lead, sound.duration, findings)


def features_of(
    base: FeatureConfig,
    rate: Fraction | Literal["native"] | None,
    recordings: Sequence[AnyRecording],
    fps: Fraction | None = None,
    number: int | None = None,
) -> FeatureConfig:
    """The mel spectrogram of recordings at the frame rate that was asked for.

    Args:
        base: everything that does not follow the frame rate.
        rate: ``native`` for the recordings' own, frames per second, or None to leave ``base`` as it is.
        recordings: with their files.
        fps: their true frame rate, where the files' is wrong.
        number: of the video in files that hold several, as :func:`native_rate` takes it.

    Raises:
        ConfigError: when they have no frame rate in common, or none that a sampling rate near ``base``'s makes.
    """
    if rate == NATIVE:
        rate = fps or native_rate(recordings, number)
    return base if rate is None else features_at(rate, base)


def native_rate(recordings: Sequence[AnyRecording], number: int | None = None) -> Fraction | None:
    """The frame rate that recordings have in common; None where no file says, or none can be read.

    Args:
        recordings: with their files. What cannot be read here is left to whoever opens it.
        number: of the video in files that hold several, counted from 1; None for the one flagged as default.

    Raises:
        ConfigError: when they have several frame rates (names them), or none of a scanner, or are sound alone.
    """
    found: dict[Fraction, list[str]] = {}
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise ConfigError(
                "`frame_rate='native'`: sound alone has no frames.", "Give the rate as a number: `frame_rate=83.278`"
            )
        try:
            rate = rate_of_recording(recording, number)
        except MediaError:
            continue
        if not SLOWEST <= rate <= QUICKEST:
            raise ConfigError(
                f"{recording.video}: states {float(rate):.7g} frames per second, not {SLOWEST} to {QUICKEST}.",
                "Give its true rate: `fps`",
            )
        known = next((one for one in found if abs(rate / one - 1) < SAME_RATE_TOLERANCE), rate)
        found.setdefault(known, []).append(recording.video.name)
    if len(found) > 1:
        most = max(found, key=lambda rate: len(found[rate]))
        rates = "; ".join(f"{float(rate):.7g} of {_some(names)}" for rate, names in sorted(found.items()))
        raise ConfigError(
            f"`frame_rate='native'`: the recordings have {len(found)} frame rates: {rates}.",
            f"Give one for all, such as `frame_rate={float(most):.7g}`, prepare them apart, or correct what the files "
            "say: `fps`",
        )
    return next(iter(found), None)


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
