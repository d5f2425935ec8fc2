"""A tract that moves between two vowels, made up in milliseconds, and the voice of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.signal import lfilter

from rtmri2speech.arrays import Float64
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.vocal_tract.acoustics.formants import tube_formants
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import Tract

RATE = Fraction(25)
SIZE = 64
_SOUND_RATE, _F0, _STEP = 10_000, 110.0, 50
_BANDWIDTHS = (60.0, 80.0, 120.0, 160.0)


def made_tract(
    count: int = 75,
    *,
    name: str = "clip",
    rate: Fraction = RATE,
    length: float = 16.0,
    closed: tuple[int, ...] = (),
    pixel_mm: float = 2.5,
) -> Tract:
    """Areas swing between a wide throat and a wide mouth, twice a second and a half.

    Args:
        count: frames.
        name: of the recording.
        rate: frames per second.
        length: cm.
        closed: frames whose lips are closed.
        pixel_mm: size of a pixel of a frame of 64 x 64.
    """
    phase = 2.0 * np.pi * 1.3 * (np.arange(count) + 0.5) / float(rate)
    place = np.linspace(0.0, 1.0, SECTIONS)
    swing = np.sin(phase)[:, None] * np.cos(np.pi * place) + 0.3 * np.sin(1.7 * phase)[:, None] * np.cos(
        np.pi * place * 2
    )
    area = 3.0 * np.exp(0.9 * swing)
    shut = np.zeros((count, SECTIONS), np.bool_)
    shut[list(closed), -1] = True
    area[shut] = 0.0
    tube = tube_formants(np.full((count, SECTIONS), length / SECTIONS), area)
    distance = 10.0 * np.sqrt(area / 1.5)
    turn = np.linspace(0.0, np.pi / 2.0, SECTIONS + 1)
    line = np.stack([18.0 + 28.0 * np.cos(turn), 54.0 - 28.0 * np.sin(turn)], axis=1)
    lines = np.linspace(0.0, 1.0, POINTS)[:, None] * np.array([-20.0, -20.0]) + np.array([46.0, 50.0])
    points = lines + 2.0 * np.arange(len(CONTOURS))[:, None, None] + np.sin(phase)[:, None, None, None]
    return Tract(
        name=name,
        frame_rate=rate,
        pixel_mm=pixel_mm,
        pixel_source="given",
        midline=np.repeat(line[None], count, axis=0),
        distance=distance,
        distance_range=np.stack([0.9 * distance, 1.1 * distance], axis=-1),
        area=area,
        area_range=np.stack([0.8 * area, 1.25 * area + 0.05], axis=-1),
        length=np.full(count, length),
        closed=shut,
        measures={name: 5.0 + np.sin(phase + number) for number, name in enumerate(MEASURES)},
        formants=tube.frequencies,
        formant_range=np.stack([0.95 * tube.frequencies, 1.05 * tube.frequencies], axis=-1),
        bandwidths=tube.bandwidths,
        sensitivity=tube.area_sensitivity,
        confidence=np.full(count, 0.9, np.float32),
        contours=Contours(points, rate, pixel_mm),
    )


def voice_of(tract: Tract, *, delay: float = 0.0, silent: tuple[float, float] = (0.0, 0.0)) -> Sound:
    """A voice with the tract's formants.

    Args:
        tract: nowhere closed.
        delay: of the sound against the frames, seconds.
        silent: stretch without voice, seconds.
    """
    seconds = float(len(tract.length) / tract.frame_rate)
    count = round(seconds * _SOUND_RATE)
    pulses = np.diff(np.floor(np.arange(count + 1) * _F0 / _SOUND_RATE))
    wave = lfilter([1.0], [1.0, -0.95], pulses)
    for number, bandwidth in enumerate(_BANDWIDTHS):
        wave = _resonated(wave, tract.times + delay, tract.formants[:, number], bandwidth)
    wave = np.diff(wave, prepend=0.0)
    times = np.arange(count) / _SOUND_RATE
    wave[(times >= silent[0]) & (times < silent[1])] = 0.0
    noise = 1e-4 * np.random.default_rng(0).standard_normal(count)
    return Sound((0.5 * wave / max(float(np.abs(wave).max()), 1e-9) + noise).astype(np.float32), _SOUND_RATE, 0.0)


def _resonated(wave: Float64, times: Float64, hertz: Float64, bandwidth: float) -> Float64:
    """A wave through a resonance that moves; coefficients are new every 5 ms."""
    found, state = np.empty_like(wave), np.zeros(2)
    radius = np.exp(-np.pi * bandwidth / _SOUND_RATE)
    for start in range(0, len(wave), _STEP):
        angle = 2.0 * np.pi * np.interp((start + _STEP / 2) / _SOUND_RATE, times, hertz) / _SOUND_RATE
        below = [1.0, -2.0 * radius * np.cos(angle), radius**2]
        found[start : start + _STEP], state = lfilter([sum(below)], below, wave[start : start + _STEP], zi=state)
    return found
