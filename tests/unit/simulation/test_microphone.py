from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.simulation.microphone import record
from rtmri2speech.simulation.vtl import SAMPLE_RATE


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    return level * np.sin(2 * np.pi * 220.0 * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("samples", [5000, 20000, 30000])
def test_length_is_the_one_asked_for(samples: int) -> None:
    sound = record(tone(1.0), samples, 20_000, rng())
    assert sound.shape == (samples,) and sound.dtype == np.float32


def test_pitch_stays_and_loud_sound_does_not_clip() -> None:
    for level in (0.05, 3.0):
        sound = record(tone(1.0, level), 20_000, 20_000, rng())
        spectrum = np.abs(np.fft.rfft(sound))
        assert abs(int(spectrum.argmax()) - 220) <= 1
        # A clipped sine would have odd harmonics.
        assert spectrum[655:665].max() < 0.01 * spectrum.max()


def test_silence_has_the_rooms_noise() -> None:
    sound = record(np.zeros(SAMPLE_RATE), 20_000, 20_000, rng())
    assert 1e-4 < sound.std() < 1e-3


def test_scanner_noise_is_as_loud_as_asked_and_repeats_with_the_excitations() -> None:
    quiet, loud = (record(np.zeros(SAMPLE_RATE), 40_000, 20_000, rng(), snr) for snr in (20.0, 0.0))
    assert 20 * np.log10(loud.std() / quiet.std()) == pytest.approx(20.0, abs=0.5)
    spectrum = np.abs(np.fft.rfft(loud[:36_000] * np.hanning(36_000)))
    harmonics = np.arange(3, 12) * 36_000 / (0.006 * 20_000)  # of 166.7 Hz
    between = harmonics + 0.5 * 36_000 / 120
    assert spectrum[harmonics.round().astype(int)].mean() > 5 * spectrum[between.round().astype(int)].mean()


def test_the_same_seed_gives_the_same_sound() -> None:
    one, two = (record(tone(0.5), 9000, 20_000, rng(), 10.0) for _ in range(2))
    assert np.array_equal(one, two)
