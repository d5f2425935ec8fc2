"""Measuring one pair of sounds: the work of the comparison's processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.media.audio import read_sound, resample
from rtmri2speech.errors import MediaError, UserError
from rtmri2speech.evaluation.intelligibility.recognizers import Recognizer
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.evaluation.sounds.pairs import Pair
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.further import FURTHER, further_measures
from rtmri2speech.metrics.listening_models import FROM_LISTENERS, NO_LISTENERS, Listeners
from rtmri2speech.metrics.mel_cepstral_distortion import mel_cepstral_distortion
from rtmri2speech.metrics.placement import placement
from rtmri2speech.metrics.waveform import MEASURES, compare_waves, pesq_narrow_band
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db
from rtmri2speech.signal.sound_content import end_of_band

GENERATED, FLOOR = "generated", "floor"
"""Names of the made sound, and of the made sound of another recording that is held against this one."""

MEASURES_OF_SOUNDS = (
    *("mel_mae_wave_db", *(f"mel_mae_wave_{band}_db" for band in band_slices(FeatureConfig().n_mels))),
    *("mcd_db", "mcd_dtw_db", "pesq_nb", *MEASURES, *FURTHER, *FROM_LISTENERS, "lag_ms", "level_db"),
)
"""All measures, in the order of the tables."""

# Seconds that two lengths may differ by: a vocoder rounds to frames, a codec pads. What is longer is cut at its end.
_MOST_DIFFERENCE = 0.25
# Below it there is too little to measure, seconds.
_SHORTEST = 0.3


@dataclass(frozen=True)
class SoundJob:
    """A pair to measure.

    Attributes:
        pair: which.
        other: made sound of another recording, for the floor; None where there is none.
        rate: samples per second at which both are compared.
        recognizer: None to recognize nothing.
        listeners: networks of the user's.
    """

    pair: Pair
    other: Path | None
    rate: int
    recognizer: Recognizer | None = None
    listeners: Listeners = NO_LISTENERS


@dataclass(frozen=True)
class SoundScores:
    """What was measured of a pair.

    Attributes:
        name: of the pair.
        seconds: that were compared.
        longer: seconds by which the made sound was longer.
        measures: by sound, ``generated`` and ``floor``, then by name.
        texts: what was recognized, by sound, ``recorded`` and ``generated``; empty without a recognizer.
        band_ends: frequency up to which the recording and the made sound hold anything, Hz.
    """

    name: str
    seconds: float
    longer: float
    measures: dict[str, dict[str, float]]
    texts: dict[str, str] = field(default_factory=dict)
    band_ends: tuple[float, float] = (0.0, 0.0)


def score_pair(job: SoundJob) -> SoundScores:
    """Read both sounds, bring them to one rate and length, and measure.

    Raises:
        MediaError: when a sound cannot be read, or their lengths differ by more than a quarter of a second.
        UserError: when a recognizer or a network fails.
    """
    recorded, made = _read([job.pair.reference, job.pair.made], job.rate)
    longer = (len(made) - len(recorded)) / job.rate
    if abs(longer) > _MOST_DIFFERENCE:
        raise MediaError(
            f"{job.pair.made}: lasts {len(made) / job.rate:.2f} s and its recording {len(recorded) / job.rate:.2f} s.",
            "Give sounds of the same utterance, cut alike.",
        )
    length = min(len(recorded), len(made))
    if length < _SHORTEST * job.rate:
        raise MediaError(f"{job.pair.made}: lasts {length / job.rate:.2f} s.", "Give a longer sound.")
    recorded, made = recorded[:length], made[:length]
    measures = {
        GENERATED: {**measure_sounds(recorded, made, job.rate), **job.listeners.measure(recorded, made, job.rate)}
    }
    if (other := _other(job)) is not None and len(other) >= _SHORTEST * job.rate:
        length = min(length, len(other))
        measures[FLOOR] = {
            **measure_sounds(recorded[:length], other[:length], job.rate),
            **job.listeners.measure(recorded[:length], other[:length], job.rate),
        }
    texts = {}
    if job.recognizer is not None:
        texts = {name: job.recognizer.recognize(w, job.rate) for name, w in ((RECORDED, recorded), (GENERATED, made))}
    top = job.rate / 2
    ends = (end_of_band(recorded, job.rate, top), end_of_band(made, job.rate, top))
    return SoundScores(job.pair.name, len(made) / job.rate, longer, measures, texts, ends)


def _other(job: SoundJob) -> Float32 | None:
    """The made sound of another recording; None where it cannot be read, which is said where it is measured itself."""
    try:
        return None if job.other is None else _read([job.other], job.rate)[0]
    except UserError:
        return None


def measure_sounds(recorded: Float32, made: Float32, rate: int) -> dict[str, float]:
    """Every measure of two waves of one length that needs nothing else.

    Args:
        recorded: shape (N,), amplitude about -1 to 1.
        made: shape (N,).
        rate: of both, Hz.
    """
    return {
        **_mel_errors(recorded, made, rate),
        **mel_cepstral_distortion(recorded, made, rate),
        **compare_waves(recorded, made, rate),
        **pesq_narrow_band(recorded, made, rate),
        **further_measures(recorded, made, rate),
        **placement(recorded, made, rate),
    }


def _mel_errors(recorded: Float32, made: Float32, rate: int) -> dict[str, float]:
    """Mean absolute error of the program's own mel spectrogram; nothing where the sounds have a lower rate."""
    features = FeatureConfig()
    if rate < features.sample_rate:
        return {}
    waves = [resample(wave, rate, features.sample_rate) for wave in (recorded, made)]
    if min(map(len, waves)) < features.min_samples:
        return {}
    true, found = (mel_db(wave, features) for wave in waves)
    error = np.abs(found - true, dtype=np.float64).mean(axis=0)
    bands = {f"mel_mae_wave_{name}_db": float(error[bins].mean()) for name, bins in band_slices(len(error)).items()}
    return {"mel_mae_wave_db": float(error.mean()), **bands}


def _read(paths: Sequence[Path], rate: int) -> list[Float32]:
    """Sounds as mono at the common rate, none of which has a band that the others lack because of its rate.

    The filter of a change of rate ends a little below half the rate. Where one sound of a pair went through it, the
    other one goes through it too, up to twice the rate and back.
    """
    sounds = [read_sound(path) for path in paths]
    for path, sound in zip(paths, sounds, strict=True):
        if sound.rate < rate:
            raise UserError(
                f"`sample_rate={rate}`: {path} has {sound.rate} Hz only.",
                f"Give at most {sound.rate}, or leave it out.",
            )
    changed = any(sound.rate != rate for sound in sounds)
    return [
        resample(resample(one.samples, rate, 2 * rate), 2 * rate, rate)
        if changed and one.rate == rate
        else resample(one.samples, one.rate, rate)
        for one in sounds
    ]
