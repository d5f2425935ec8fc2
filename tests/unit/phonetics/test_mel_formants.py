"""Formants of a mel spectrogram, against tracts of known resonances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from rtmri2speech.phonetics.mel_formants import formant_in_band, formants_of_mel
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

FEATURES = FeatureConfig()
# F1 to F3 of Japanese men's vowels (Kyoto University), and a fourth.
VOWELS = {
    "a": (753, 1385, 2500, 3500),
    "i": (315, 2172, 3000, 3600),
    "e": (500, 1947, 2600, 3500),
    "o": (520, 997, 2500, 3400),
}


def vowel(resonances: tuple[int, ...], f0: float) -> np.ndarray:
    """A pulse train with a voice's slope of -12 dB an octave and lips' +6, through resonances 80 Hz wide."""
    rate = FEATURES.sample_rate
    wave = np.zeros(rate)
    wave[(np.arange(0, 1, 1 / f0) * rate).astype(int)] = 1.0
    wave = lfilter([1.0], [1.0, -0.96], wave)
    for hz in resonances:
        radius = np.exp(-np.pi * 80 / rate)
        wave = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hz / rate), radius**2], wave)
    return (wave / np.abs(wave).max()).astype(np.float32)


@pytest.mark.parametrize("name", VOWELS)
@pytest.mark.parametrize("f0", [110.0, 140.0])
def test_known_resonances_are_found(name: str, f0: float) -> None:
    mel = mel_db(vowel(VOWELS[name], f0), FEATURES)
    for band, true in (((250, 950), VOWELS[name][0]), ((900, 2500), VOWELS[name][1])):
        formants = formants_of_mel(mel, FEATURES)
        track = formant_in_band(formants, mel, *band, FEATURES)[4:-4]
        assert np.isfinite(track).all()
        # Half the distance of two harmonics is what a harmonic spectrum leaves open.
        assert abs(np.median(track) - true) < max(60.0, 0.06 * true)


def test_nothing_in_a_flat_spectrum_and_nothing_of_nothing() -> None:
    mel = np.full((2, FEATURES.n_mels), -50.0, np.float32)
    assert np.isnan(formant_in_band(formants_of_mel(mel, FEATURES), mel, 300, 900, FEATURES)).all()
    assert formants_of_mel(mel[:0], FEATURES).shape == (0, 4)


def test_of_two_formants_in_a_band_the_louder_counts() -> None:
    mel = np.full((1, FEATURES.n_mels), -50.0, np.float32)
    mel[0, np.abs(FEATURES.mel_centers() - 2000) < 100] = -20.0
    formants = np.array([[500.0, 1200.0, 2000.0, np.nan]])
    assert formant_in_band(formants, mel, 900, 2500, FEATURES)[0] == 2000.0
    assert np.isnan(formant_in_band(formants, mel, 2600, 4000, FEATURES)[0])
