"""F0 in place of the predicted one: flat, from a PitchTier, from the recording's own sound, or as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.corpora.sound_of_recording import sound_of_frames
from rtmri2speech.data.annotation.pitch_tier import PitchTier, read_pitch_tier
from rtmri2speech.data.endings import is_there
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track
from rtmri2speech.signal.features import FeatureConfig

FLAT, FROM_AUDIO = "flat", "from-audio"

F0: TypeAlias = str | Path | Float32 | Float64
"""``flat``: the mean of the predicted F0 over voiced frames. ``from-audio``: Praat's, of the recording's own sound,
which says as well where there is voice. A path: of a Praat PitchTier, whose time 0 is the start of the video. An array
(T,): Hz, 0 where there is no voice."""

RANGE_HZ = (40.0, 800.0)
"""F0 that the model can be given."""

# Seconds by which a PitchTier may be shorter or longer than the video without a word.
_TOLERANCE = 0.25


@dataclass(frozen=True)
class GivenPitch:
    """F0 for a clip.

    Attributes:
        f0_hz: (T,), Hz; None for the predicted mean.
        voicing: whether it says where there is voice, being 0 elsewhere; else the prediction does.
        notes: remarks, a line each.
    """

    f0_hz: Float64 | None
    voicing: bool = False
    notes: tuple[str, ...] = ()

    def over(self, predicted_hz: Float32, voiced: Float32) -> Float32:
        """F0 (T,), Hz, 0 where there is no voice.

        Args:
            predicted_hz: (T,), predicted F0.
            voiced: (T,), predicted probability that there is voice.
        """
        there = voiced > 0.5
        if self.f0_hz is None:
            mean = float(predicted_hz[there].mean()) if there.any() else 0.0
            return np.where(there, mean, 0.0).astype(np.float32)
        return (self.f0_hz if self.voicing else np.where(there, self.f0_hz, 0.0)).astype(np.float32)


def given_pitch(f0: F0, clip: Clip, features: FeatureConfig) -> GivenPitch:
    """Read what F0 is asked for, for a clip; see :data:`F0`.

    Raises:
        ConfigError: for what is no F0 of this clip.
        MediaError: when the PitchTier cannot be read, or there is no sound with a voice, or none that fits the video.
        UserError: when Praat (extra ``phonetics``) is needed and not installed.
    """
    times = np.asarray((np.arange(clip.n_frames) + 0.5) / float(features.frame_rate), np.float64)
    if isinstance(f0, np.ndarray):
        return GivenPitch(_checked(np.asarray(f0, np.float64), clip.n_frames), voicing=True)
    if str(f0) == FLAT:
        return GivenPitch(None)
    if str(f0) == FROM_AUDIO:
        return GivenPitch(_of_sound(clip, times), voicing=True)
    path = Path(f0)
    if not is_there(path):
        raise ConfigError(
            f"`f0={f0}`: neither {FLAT} nor {FROM_AUDIO}, and no file of that name.",
            f"Give {FLAT}, {FROM_AUDIO}, or the path of a Praat PitchTier.",
        )
    tier = read_pitch_tier(path)
    return GivenPitch(_of_tier(tier, path, times), notes=_span_note(tier, path, clip))


def _of_tier(tier: PitchTier, path: Path, times: Float64) -> Float64:
    wrong = (tier.f0_hz < RANGE_HZ[0]) | (tier.f0_hz > RANGE_HZ[1])
    if wrong.any():
        first = int(wrong.argmax())
        raise MediaError(
            f"{path}: {tier.f0_hz[first]:g} Hz at {tier.times[first]:.2f} s is no pitch that the model can be given.",
            f"Keep all points within {RANGE_HZ[0]:g} and {RANGE_HZ[1]:g} Hz.",
        )
    return tier.at(times)


def _span_note(tier: PitchTier, path: Path, clip: Clip) -> tuple[str, ...]:
    seconds = clip.scan.duration
    if abs(tier.start) <= _TOLERANCE and abs(tier.end - seconds) <= _TOLERANCE:
        return ()
    return (
        f"{path.name} lasts from {tier.start:.2f} to {tier.end:.2f} s, the video {seconds:.2f} s: outside its points "
        "the pitch is that of the nearest one",
    )


def _of_sound(clip: Clip, times: Float64) -> Float64:
    praat.require()
    path = clip.scan.path
    try:
        sound = sound_of_frames(clip.scan)
    except MediaError as error:
        raise MediaError(error.problem, f"Mend that, or give `f0={FLAT}` or a PitchTier.") from None
    if sound is None:
        raise MediaError(f"{path}: has no sound to take the pitch from.", f"Give `f0={FLAT}` or a PitchTier.")
    wave, rate = sound.samples.astype(np.float64), sound.rate
    track = pitch_track(wave, rate, *pitch_range([wave], rate))
    if not (track > 0).any():
        raise MediaError(f"{path}: its sound holds no voice.", f"Give `f0={FLAT}` or a PitchTier.")
    places = pitch_times(len(track), len(wave) / rate)
    nearest = np.abs(places[None] - times[:, None]).argmin(axis=1)
    return np.asarray(track[nearest], np.float64)


def _checked(f0_hz: Float64, n_frames: int) -> Float64:
    if f0_hz.shape != (n_frames,):
        raise ConfigError(
            f"`f0`: an array of the shape {f0_hz.shape}, and the video has {n_frames} frames of the model's clock.",
            f"Give {n_frames} values, one per frame.",
        )
    inside = (f0_hz == 0) | ((f0_hz >= RANGE_HZ[0]) & (f0_hz <= RANGE_HZ[1]))
    if not inside.all():
        frame = int(np.argmin(inside))
        raise ConfigError(
            f"`f0`: {f0_hz[frame]:g} Hz in frame {frame} is no pitch that the model can be given.",
            f"Give 0 where there is no voice, elsewhere {RANGE_HZ[0]:g} to {RANGE_HZ[1]:g} Hz.",
        )
    return f0_hz
