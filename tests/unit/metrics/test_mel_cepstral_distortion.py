"""Mel-cepstral distortion against values that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.metrics.mel_cepstral_distortion import (
    ORDER,
    cepstral_distance,
    cepstral_features,
    mel_cepstral_distortion,
    mel_cepstrum,
)
from talker import speak

RATE = 11413


def speech(seconds: float = 1.5) -> np.ndarray:
    return speak(seconds, seed=3, size=16, sample_rate=RATE).audio.astype(np.float64)


def test_the_cepstrum_of_cosines_is_their_amplitudes() -> None:
    bands = 40
    axis = np.pi * (np.arange(bands) + 0.5) / bands
    nepers = 0.7 + 0.3 * np.cos(axis) - 0.2 * np.cos(5 * axis) + 0.4 * np.cos(30 * axis)
    found = mel_cepstrum((nepers * 20 / math.log(10))[None])
    wanted = np.zeros((1, ORDER))
    wanted[0, 0], wanted[0, 4] = 0.3, -0.2  # the level and what is above the order do not show
    assert found == pytest.approx(wanted, abs=1e-12)


def test_a_shift_of_the_first_coefficient_has_its_known_distance() -> None:
    one = np.random.default_rng(0).normal(size=(5, ORDER))
    other = one.copy()
    other[:, 0] += 0.1
    # 10 / ln 10 x sqrt(2 x 0.01) = 4.3429 x 0.14142
    assert cepstral_distance(one, other) == pytest.approx(np.full(5, 0.61418), abs=1e-5)
    other[:, 7] -= 0.2
    assert cepstral_distance(one, other) == pytest.approx(np.full(5, 4.342945 * math.sqrt(2 * 0.05)), abs=1e-5)


def test_it_is_the_root_mean_square_difference_of_smooth_spectra() -> None:
    rng = np.random.default_rng(1)
    axis = np.pi * (np.arange(40) + 0.5) / 40
    tilt = sum(a * np.cos(k * axis) for k, a in zip(range(1, 10), rng.normal(size=9), strict=True))
    flat = np.zeros(40)
    found = cepstral_distance(mel_cepstrum(flat[None]), mel_cepstrum(tilt[None]))
    assert found == pytest.approx([math.sqrt(np.mean(np.square(tilt)))])


def test_too_few_bands() -> None:
    with pytest.raises(ValueError, match="24 bands do not give 24"):
        mel_cepstrum(np.zeros((3, 24)))


def test_the_level_and_what_is_silent_do_not_count() -> None:
    wave = speech()
    assert mel_cepstral_distortion(wave, wave, RATE) == {"mcd_db": 0.0, "mcd_dtw_db": 0.0}
    louder = mel_cepstral_distortion(wave, 0.5 * wave, RATE)
    assert louder["mcd_db"] == pytest.approx(0, abs=0.05)
    quiet = np.concatenate([wave, np.zeros(RATE)])
    noisy = quiet.copy()
    noisy[len(wave) + RATE // 4 :] = 0.01 * np.random.default_rng(0).normal(size=RATE - RATE // 4)
    assert mel_cepstral_distortion(quiet, noisy, RATE)["mcd_db"] == pytest.approx(0, abs=1e-9)


def test_warping_forgives_a_delay_and_noise_is_told_of() -> None:
    wave = speech()
    late = mel_cepstral_distortion(wave, np.concatenate([np.zeros(500), wave[:-500]]), RATE)
    assert late["mcd_dtw_db"] < 0.5 * late["mcd_db"]
    rng = np.random.default_rng(0)
    distances = [
        mel_cepstral_distortion(wave, wave + level * rng.normal(size=len(wave)), RATE)["mcd_db"]
        for level in (1e-3, 1e-2, 1e-1)
    ]
    assert distances == sorted(distances) and distances[0] < 6 < distances[2]


def test_without_speech_there_is_no_distance() -> None:
    for reference in (np.zeros(RATE), speech()[:300]):
        found = mel_cepstral_distortion(reference, reference, RATE)
        assert all(math.isnan(value) for value in found.values()) and set(found) == {"mcd_db", "mcd_dtw_db"}


@pytest.mark.parametrize("rate", [8000, 11413, 20000, 48000])
def test_the_spectrum_keeps_its_times(rate: int) -> None:
    features = cepstral_features(rate)
    assert features.win_length / rate == pytest.approx(0.025, rel=0.01)
    assert features.hop_length / rate == pytest.approx(0.005, rel=0.02)
    assert features.n_fft >= features.win_length and features.n_mels > ORDER
