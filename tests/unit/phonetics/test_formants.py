"""Formants of vowels that are resonances of known frequency."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.formants import ceiling_for, formants_at, require_ceiling, vowel_formants

pytest.importorskip("parselmouth")

RATE = 11413
VOWELS = {"a": (750, 1350, 2500, 3500, 4500), "i": (320, 2200, 2900, 3600, 4500), "o": (500, 950, 2500, 3500, 4500)}


def vowel(formants: tuple[int, ...], seconds: float = 0.2, f0: float = 110.0) -> np.ndarray:
    """Pulses through resonators of 60 Hz and more."""
    count = int(seconds * RATE)
    wave = np.zeros(count)
    wave[(np.arange(0, seconds * f0) * RATE / f0).astype(int).clip(max=count - 1)] = 1.0
    wave = lfilter([1.0], [1.0, -0.95], wave)
    for hz in formants:
        radius = np.exp(-np.pi * (60 + 0.02 * hz) / RATE)
        wave = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2], wave)
    return 0.3 * wave / np.abs(wave).max()


@pytest.mark.parametrize("length", [0.06, 0.2])
def test_vowels_have_their_resonances(length: float) -> None:
    gap = np.zeros(RATE // 10)
    pieces, spans, time = [gap], [], 0.1
    for formants in VOWELS.values():
        pieces += [vowel(formants, length), gap]
        spans.append((time, time + length))
        time += length + 0.1
    found = vowel_formants(np.concatenate(pieces), RATE, spans, 5000.0)
    wanted = np.array([formants[:2] for formants in VOWELS.values()])
    assert found.shape == (3, 2) and np.abs(found / wanted - 1).max() < 0.05


def test_where_there_is_silence_there_are_no_formants() -> None:
    wave = np.concatenate([np.zeros(RATE), vowel(VOWELS["a"])])
    found = vowel_formants(wave, RATE, [(0.2, 0.4), (1.0, 1.2)], 5000.0)
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()
    assert vowel_formants(wave, RATE, [], 5000.0).shape == (0, 2)


def test_a_vowel_at_the_very_end_and_beyond() -> None:
    wave = vowel(VOWELS["a"], 0.1)
    found = vowel_formants(wave, RATE, [(0.0, 0.1), (0.05, 0.2), (3.0, 3.1)], 5000.0)
    assert abs(found[0, 0] - 750) < 60 and np.isnan(found[2]).all()


def test_a_ceiling_above_nyquist_is_refused() -> None:
    with pytest.raises(ValueError, match="6500 Hz, lies above the Nyquist frequency"):
        vowel_formants(np.zeros(RATE), RATE, [(0.1, 0.2)], 6500.0)


def test_high_voices_have_a_higher_ceiling() -> None:
    found = [ceiling_for(np.array([0.0, f0, 0.0]), 6000.0) for f0 in (90.0, 140.0, 180.0, 300.0)]
    assert found == [5000.0, 5000.0, 5500.0, 5500.0]
    assert ceiling_for(np.zeros(3), 6000.0) == ceiling_for(np.zeros(0), 6000.0) == 5000.0
    assert ceiling_for(np.array([300.0]), 5200.0) == 5200.0


@pytest.mark.parametrize("ceiling", [-5.0, 0.0, 1.0, 5.5, 100.0, 999.0, 4000.1, float("nan")])
def test_a_ceiling_that_a_sound_cannot_have_is_refused(ceiling: float) -> None:
    with pytest.raises(ConfigError, match=f"`name={ceiling:g}`: not between 1000 Hz and") as caught:
        require_ceiling(ceiling, 4000.0, "name")
    assert "Leave `name` out" in caught.value.remedy and "at most 4000 here" in caught.value.remedy
    for fine in (1000.0, 4000.0, None):
        require_ceiling(fine, 4000.0)


def test_where_there_is_room_for_no_ceiling_other_sounds_are_asked_for() -> None:
    for ceiling in (None, 500.0):
        with pytest.raises(ConfigError, match="1000 samples per second, so nothing above 500 Hz") as caught:
            require_ceiling(ceiling, 500.0)
        assert "11000 samples per second" in caught.value.remedy


def test_formants_at_any_time() -> None:
    wave = np.concatenate([np.zeros(RATE // 2), vowel(VOWELS["a"], 0.3), vowel(VOWELS["i"], 0.3)])
    found = formants_at(wave, RATE, np.array([0.2, 0.6, 0.7, 0.9, 1.0]), 5000.0)
    assert found.shape == (5, 4) and np.isnan(found[0]).all()
    for rows, name in ((found[1:3], "a"), (found[3:], "i")):
        assert np.abs(rows / VOWELS[name][:4] - 1).max() < 0.06
    for short in (np.zeros(RATE), np.zeros(0), np.ones(5)):
        assert np.isnan(formants_at(short, RATE, np.array([0.0, 0.5]), 5000.0)).all()
    with pytest.raises(ValueError, match="Nyquist"):
        formants_at(wave, RATE, np.array([0.2]), 6500.0)
