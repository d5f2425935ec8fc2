"""Level of speech above its pauses, and what shows that noise was taken off."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.arrays import Float32
from rtmri2speech.signal.noise.pauses import MOST_HOLES, NATURAL_HOLES, Pauses, measure_pauses
from rtmri2speech.signal.noise.short_time import hann

RATE = 16_000


def words(noise: float, seed: int = 0) -> Float32:
    """A voice of 120 Hz for half a second of every second, and steady noise (root mean square) all the time."""
    times = np.arange(6 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 120 * n * times) for n in range(1, 20)) / np.sqrt(9.5)
    rng = np.random.default_rng(seed)
    return np.asarray(0.1 * voice * (times % 1.0 < 0.5) + noise * rng.standard_normal(len(times)), np.float32)


@pytest.mark.parametrize("level", [10.0, 20.0, 40.0])
def test_the_level_is_that_of_speech_above_noise(level: float) -> None:
    """The noise's band is 8 kHz, of which 80 to 5500 Hz count: 1.7 dB less; speech has the noise in it as well."""
    found = measure_pauses(words(0.1 * 10.0 ** (-level / 20.0)), RATE).snr
    expected = 10.0 * np.log10(10.0 ** (level / 10.0) * 8000 / 5420 + 1.0)
    assert found == pytest.approx(expected, abs=1.0)


def test_the_level_does_not_depend_on_gain_and_rate() -> None:
    wave = words(0.01)
    assert measure_pauses(3.0 * wave, RATE).snr == pytest.approx(measure_pauses(wave, RATE).snr, abs=0.01)


def test_steady_noise_has_as_many_holes_as_noise_has() -> None:
    found = measure_pauses(words(0.01), RATE)
    assert found.holes == pytest.approx(NATURAL_HOLES, abs=0.006)
    assert pytest.approx(0.0217, abs=1e-4) == NATURAL_HOLES
    assert not found.gated and found.in_words == ""


def test_a_gate_leaves_holes() -> None:
    """A gate that opens and shuts parts of the spectrum at random, which leaves what is known as musical noise."""
    wave, rng = words(0.01), np.random.default_rng(1)
    size = 512
    window = np.sqrt(hann(size))
    gated = np.zeros(len(wave))
    for start in range(0, len(wave) - size, size // 2):
        spectrum = np.fft.rfft(window * wave[start : start + size])
        spectrum *= np.repeat(np.where(rng.random(33) < 0.5, 0.01, 1.0), 8)[: len(spectrum)]
        gated[start : start + size] += window * np.fft.irfft(spectrum, size)
    wave = gated.astype(np.float32)
    found = measure_pauses(wave, RATE)
    assert found.holes is not None and found.holes > MOST_HOLES
    assert found.gated and "holes" in found.in_words


def test_digital_silence_is_told() -> None:
    wave = words(0.01)
    wave[: len(wave) // 4] = 0.0
    found = measure_pauses(wave, RATE)
    assert found.silence == pytest.approx(0.25, abs=0.01) and found.gated
    assert found.in_words == "25% of it is digital silence"
    # It is no pause: the level is that above the noise.
    assert found.snr == pytest.approx(measure_pauses(words(0.01), RATE).snr, abs=1.0)


def test_without_voice_or_sound_the_level_is_unknown() -> None:
    rng = np.random.default_rng(2)
    assert measure_pauses(rng.standard_normal(2 * RATE).astype(np.float32), RATE).snr is None
    assert measure_pauses(np.zeros(2 * RATE, np.float32), RATE) == Pauses(None, None, 1.0)
    assert measure_pauses(np.ones(10, np.float32), RATE) == Pauses(None, None, 0.0)
