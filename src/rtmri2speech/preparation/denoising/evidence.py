"""What taking the noise off does to a sound: level in pauses, formants, and what a recognizer finds in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from rtmri2speech.arrays import Bool, Float32, Float64, Floating
from rtmri2speech.corpora.base import AnyRecording, Recording
from rtmri2speech.corpora.public.texts import text_between
from rtmri2speech.data.annotation.grid import TextGrid
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.metrics.contours import correlation
from rtmri2speech.phonetics import praat
from rtmri2speech.preparation.denoising.denoisers import NONE, Denoised, denoised, denoised_before, part_of
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.signal.noise.pauses import measure_pauses

_FORMANT_STEP = 0.01
# A tenth of a second of voice.
_FEWEST = 10
_LEVEL_SECONDS = 0.04
# Power of the softest speech as a fraction of the loudest: 20 dB.
_SPEECH_RANGE = 0.01


class Recognizes(Protocol):
    """Something that finds words in a wave."""

    def recognize(self, wave: Floating, rate: int) -> str:
        """What is recognized in a wave (N,) of ``rate`` samples per second."""
        ...


@dataclass(frozen=True)
class FormantChange:
    """A formant over the frames of 10 ms that are voiced both before and after.

    Attributes:
        before, after: medians, Hz.
        correlation: Pearson's, of the frames; None where it cannot be had.
    """

    before: float
    after: float
    correlation: float | None


@dataclass(frozen=True)
class DenoisingEffect:
    """A recording before and after.

    Attributes:
        snr: speech above pauses afterwards, dB; None where unknown.
        delay: seconds by which the sound has become late.
        formants: F1 and F2; empty without Praat or without voice.
        recognized: what a recognizer finds, before and after; empty without one.
        said: what is said, where the recording's own annotation or corpus tells.
    """

    snr: float | None
    delay: float
    formants: tuple[FormantChange, ...] = ()
    recognized: tuple[str, ...] = ()
    said: str | None = None


@dataclass(frozen=True)
class NoiseFacts:
    """The noise of a recording, as far as it can be measured.

    Attributes:
        snr: level of speech above that of its pauses (:func:`~rtmri2speech.signal.noise.pauses.measure_pauses`), dB.
        denoised: why noise seems to have been taken off already; empty where nothing says so.
        effect: what taking it off does; None where that was not asked for, or cannot be done.
        findings: what is to be said.
    """

    snr: float | None
    denoised: str
    effect: DenoisingEffect | None = None
    findings: list[Finding] = field(default_factory=list)

    def columns(self) -> dict[str, Any]:
        """Fields of a recording's facts."""
        return {"snr": self.snr, "denoised": self.denoised, "effect": self.effect}


def noise_of(
    recording: AnyRecording,
    sound: Sound,
    denoiser: str = NONE,
    span: tuple[float, float] | None = None,
    recognizer: Recognizes | None = None,
    grid: TextGrid | None = None,
) -> NoiseFacts:
    """Measure the noise of a recording, and what taking it off would do.

    Args:
        recording: whose sound it is.
        sound: at its own rate.
        denoiser: as of :func:`~rtmri2speech.preparation.denoising.denoisers.denoised`, or ``none``.
        span: first and last second of the sound that belong to the frames; None for all.
        recognizer: finds words in both sounds; None for none.
        grid: the recording's annotation, which may say what is said.

    Raises:
        UserError: when the denoiser or the recognizer fails.
    """
    before = part_of(sound, span)
    if denoiser == NONE:
        pauses = measure_pauses(before, sound.rate)
        return NoiseFacts(_rounded(pauses.snr), denoised_before(recording, pauses))
    made = denoised(recording, sound, denoiser, span)
    after = part_of(made.sound, span)
    effect = DenoisingEffect(
        _rounded(measure_pauses(after, sound.rate).snr),
        round(made.delay, 4),
        formant_changes(before, after, sound.rate),
        () if recognizer is None else tuple(recognizer.recognize(wave, sound.rate) for wave in (before, after)),
        _said(recording, sound, grid),
    )
    return _facts(recording, made, effect)


def _facts(recording: AnyRecording, made: Denoised, effect: DenoisingEffect) -> NoiseFacts:
    return NoiseFacts(_rounded(made.pauses.snr), denoised_before(recording, made.pauses), effect, made.findings)


def formant_changes(before: Float32, after: Float32, rate: int) -> tuple[FormantChange, ...]:
    """F1 and F2 of two sounds of equal length, over the frames of 10 ms that are voiced in both, and speech.

    A scanner's hum has a pitch as well: frames that are afterwards more than 20 dB softer than the loudest tenth are
    left out. Voicing and formants are those of :func:`~rtmri2speech.metrics.contours.compare_contours`. Where there was
    much noise, the formants before are partly its own: a change is then no harm.

    Args:
        before, after: shape (N,).
        rate: samples per second.

    Returns:
        Empty where Praat (parselmouth) is not installed, or fewer than 10 frames have voice.
    """
    if not praat.available():
        return ()
    from rtmri2speech.phonetics.formants import ceiling_for, formants_at
    from rtmri2speech.phonetics.pitch import pitch_and_periodicity, pitch_range, pitch_times

    waves = [np.asarray(wave, np.float64) for wave in (before, after)]
    tracks = [pitch_and_periodicity(wave, rate, *pitch_range(waves, rate))[0] for wave in waves]
    all_times = pitch_times(len(tracks[0]), len(before) / rate)
    both = (tracks[0] > 0) & (tracks[1] > 0)
    if both.sum() < _FEWEST:
        return ()
    both &= _loud(waves[1], rate, all_times, both)
    if both.sum() < _FEWEST:
        return ()
    times = all_times[both]
    ceiling = ceiling_for(tracks[1][both], rate / 2)
    one, other = (formants_at(wave, rate, times, ceiling, 2, _FORMANT_STEP) for wave in waves)
    known = np.isfinite(one + other).all(axis=1)
    if known.sum() < _FEWEST:
        return ()
    return tuple(_change(one[known, number], other[known, number]) for number in (0, 1))


def _loud(wave: Float64, rate: int, times: Float64, voiced: Bool) -> Bool:
    """Which frames are no more than 20 dB softer than the loudest tenth of the voiced ones."""
    half = round(_LEVEL_SECONDS * rate / 2)
    sums = np.concatenate([[0.0], np.cumsum(np.square(wave))])
    middles = np.round(times * rate).astype(int)
    first, last = (np.clip(middles + side, 0, len(wave)) for side in (-half, half))
    power = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    loudest = power[voiced][power[voiced] >= np.quantile(power[voiced], 0.9)].mean()
    return np.asarray(power >= _SPEECH_RANGE * loudest)


def _change(before: Float64, after: Float64) -> FormantChange:
    together = correlation(before, after)
    first, second = (round(float(np.median(values)), 1) for values in (before, after))
    return FormantChange(first, second, None if np.isnan(together) else round(together, 3))


def _said(recording: AnyRecording, sound: Sound, grid: TextGrid | None) -> str | None:
    if not isinstance(recording, Recording):
        return None
    return recording.text or text_between(grid, recording.text_tiers, 0.0, sound.duration)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
