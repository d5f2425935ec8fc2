"""The wide-band spectrogram: frequencies, times and the time resolution of its window."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.phonetics.spectrogram import wide_band

RATE = 16_000


def test_a_tone_lies_at_its_frequency() -> None:
    time = np.arange(RATE) / RATE
    hz, _, level = wide_band(np.sin(2 * np.pi * 1000 * time).astype(np.float32), RATE, 0.002)
    assert hz[np.argmax(level[:, level.shape[1] // 2])] == pytest.approx(1000, abs=30)


@pytest.mark.parametrize("place", [0.0, 0.1, 0.2371, 0.5])
def test_a_click_lies_at_its_time(place: float) -> None:
    wave = np.zeros(RATE // 2 + 1)
    wave[round(place * RATE)] = 1.0
    _, times, level = wide_band(wave, RATE, 0.001)
    energy = (10 ** (level / 10)).sum(axis=0)
    assert times[np.argmax(energy)] == pytest.approx(place, abs=0.001)
    # Half the height within the window's effective length.
    assert np.ptp(times[energy > energy.max() / 2]) <= 0.005


def test_silence_has_a_level_and_the_sound_is_left_alone() -> None:
    wave = np.zeros(4000, np.float32)
    wave[10] = 1.0
    before = wave.copy()
    _, times, level = wide_band(wave, RATE, 0.002)
    assert np.isfinite(level).all() and len(times) == level.shape[1]
    np.testing.assert_array_equal(wave, before)
    np.testing.assert_allclose(np.diff(times), 0.002)
