"""F0 and formants over time: waves whose contours are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from rtmri2speech.metrics.contours import CONTOURS, compare_contours, correlation
from rtmri2speech.metrics.further import FURTHER, further_measures
from rtmri2speech.phonetics import formants, remembered
from rtmri2speech.signal import defaults

pytest.importorskip("parselmouth", reason="Praat (extra phonetics) is not installed")

RATE = defaults.SAMPLE_RATE
SECONDS = 1.5
TIMES = np.arange(round(SECONDS * RATE)) / RATE
UNIFORM = (500.0, 1500.0, 2500.0, 3500.0, 4500.0)
GLIDE = 120.0 + 20.0 * np.sin(2 * np.pi * 1.3 * TIMES)


def voice(f0: np.ndarray, formants: tuple[float, ...] = UNIFORM) -> np.ndarray:
    """Pulses of a frequency through resonances of 60 Hz."""
    pulses = np.diff(np.floor(np.cumsum(f0) / RATE), prepend=0.0)
    for formant in formants:
        radius = math.exp(-math.pi * 60.0 / RATE)
        pulses = lfilter([1.0], [1.0, -2 * radius * math.cos(2 * math.pi * formant / RATE), radius**2], pulses)
    return 0.3 * pulses / np.abs(pulses).max()


def test_a_wave_agrees_with_itself() -> None:
    wave = voice(GLIDE)
    measures = compare_contours(wave, wave, RATE)
    assert tuple(measures) == CONTOURS
    assert measures == pytest.approx(dict.fromkeys(CONTOURS, 1.0), abs=1e-6)


def test_f0_that_moves_along_and_f0_that_moves_the_other_way() -> None:
    same = compare_contours(voice(GLIDE), voice(1.2 * GLIDE), RATE)
    assert same["f0_correlation"] == pytest.approx(1.0, abs=0.02)
    assert same["f0_correlation_periodic"] == pytest.approx(1.0, abs=0.02)
    assert compare_contours(voice(GLIDE), voice(240.0 - GLIDE), RATE)["f0_correlation"] == pytest.approx(-1.0, abs=0.02)


def test_the_ratio_of_formants_is_that_of_the_tracts() -> None:
    measures = compare_contours(voice(GLIDE), voice(GLIDE, tuple(1.1 * formant for formant in UNIFORM)), RATE)
    ratios = [measures[f"f{number}_ratio"] for number in (1, 2, 3)]
    assert ratios == pytest.approx([1.1, 1.1, 1.1], rel=0.03)


def test_noise_has_no_contour() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(TIMES))
    measures = compare_contours(voice(GLIDE), noise, RATE)
    assert all(math.isnan(value) for value in measures.values())


def test_the_periodic_frames_are_some_of_the_voiced_ones() -> None:
    # Breath in the second half: voiced still, yet its harmonics are less than 6 dB above the noise.
    wave = voice(GLIDE)
    breath = 0.8 * wave.std() * np.random.default_rng(1).standard_normal(len(wave)) * (TIMES > SECONDS / 2)
    broken = np.where(TIMES > SECONDS / 2, 240.0 - GLIDE, GLIDE)
    measures = compare_contours(wave + breath, voice(broken), RATE)
    assert measures["f0_correlation_periodic"] > 0.9 > measures["f0_correlation"]


def test_correlation_leaves_out_what_is_unknown_and_needs_ten() -> None:
    one, other = np.arange(12.0), 3.0 - np.arange(12.0)
    one[4] = np.nan
    assert correlation(one, other) == pytest.approx(-1.0)
    assert math.isnan(correlation(one[:10], other[:10])), "nine are known"
    assert math.isnan(correlation(np.ones(12), other)), "nothing changes"


def test_all_further_measures_are_named() -> None:
    assert tuple(further_measures(voice(GLIDE), voice(GLIDE), RATE)) == FURTHER


def test_a_recording_is_measured_once_for_all_that_it_is_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, wave = np.random.default_rng(0), voice(GLIDE + 7.0)  # no other test has it
    others = [wave + level * rng.standard_normal(len(wave)) for level in (0.001, 0.003)]
    count = 0
    frames = formants.FormantFrames

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return frames(*arguments)

    monkeypatch.setattr(formants, "FormantFrames", counted)
    found = [compare_contours(wave, other, RATE) for other in others]
    assert count == 3
    monkeypatch.setattr(remembered, "_LONGEST", 0)
    assert found == [compare_contours(wave, other, RATE) for other in others]
    assert count == 7
