"""Steady noise goes, and speech, phases and times stay."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.arrays import Float32
from rtmri2speech.signal.noise.spectral_gate import reduce_steady_noise
from talker import speak

RATE = 8000


def comb(count: int, rate: int = RATE) -> Float32:
    """The hum of a scanner that strikes every 5 ms: harmonics of 200 Hz."""
    times = np.arange(count) / rate
    return np.asarray(sum(np.sin(2 * np.pi * 200 * n * times + n) for n in range(3, 15)) / 8, np.float32)


def decibels(power: float) -> float:
    return 10.0 * float(np.log10(power))


def test_noise_alone_becomes_twenty_decibels_softer() -> None:
    hum = comb(3 * RATE)
    rest = reduce_steady_noise(hum, RATE)
    middle = slice(RATE, 2 * RATE)
    assert decibels(np.mean(rest[middle] ** 2) / np.mean(hum[middle] ** 2)) == pytest.approx(-20.0, abs=0.5)


def test_speech_in_noise_comes_closer_to_speech() -> None:
    clean = speak(4.0, 3, sample_rate=RATE, size=8).audio
    noisy = clean + 0.05 * comb(len(clean))
    errors = [float(np.mean((wave - clean) ** 2)) for wave in (noisy, reduce_steady_noise(noisy, RATE))]
    assert decibels(errors[0] / errors[1]) > 5.0


def test_clean_speech_stays_as_it_is() -> None:
    clean = speak(4.0, 3, sample_rate=RATE, size=8).audio
    change = reduce_steady_noise(clean, RATE) - clean
    assert decibels(np.mean(clean**2) / np.mean(change**2)) > 35.0


def test_nothing_is_shifted_and_the_length_stays() -> None:
    """A click between silences of one level stays at its sample, also where blocks of windows meet."""
    rng = np.random.default_rng(0)
    for count in (RATE // 2, 10 * RATE + 7):
        noise = (1e-3 * rng.standard_normal(count)).astype(np.float32)
        noise[count // 3] = 0.9
        found = reduce_steady_noise(noise, RATE)
        assert found.shape == noise.shape and found.dtype == np.float32
        assert int(np.argmax(np.abs(found))) == count // 3


@pytest.mark.parametrize("count", [1, 100, 600])
def test_a_scrap_shorter_than_a_window_and_silence_do_no_harm(count: int) -> None:
    assert not reduce_steady_noise(np.zeros(count, np.float32), RATE).any()
    assert np.isfinite(reduce_steady_noise(np.ones(count, np.float32), RATE)).all()
