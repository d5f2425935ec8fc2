"""Griffin-Lim: the sound's own mel spectrogram is near the one it was made from."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.griffin_lim import griffin_lim
from rtmri2speech.signal.mel import mel_db

FEATURES = FeatureConfig()


@pytest.fixture
def mel() -> np.ndarray:
    """A buzz whose pitch glides, with a pause, (27, 64)."""
    rate = FEATURES.sample_rate
    times = np.arange(rate) / rate
    phase = 2 * np.pi * np.cumsum(120 + 60 * times) / rate
    buzz = sum(np.sin(order * phase) / order for order in range(1, 30))
    loud = np.where((times > 0.4) & (times < 0.6), 0.0, 0.2)
    return mel_db(loud * buzz + 1e-3 * np.random.default_rng(0).standard_normal(rate), FEATURES)


def test_the_sound_has_the_mel_spectrogram(mel: np.ndarray) -> None:
    sound = griffin_lim(mel, FEATURES)
    assert sound.shape == (len(mel) * FEATURES.hop_length,) and sound.dtype == np.float32
    assert np.abs(sound).max() <= 1.0
    error = np.abs(mel_db(sound.astype(np.float64), FEATURES) - mel)
    assert error[mel > mel.max() - 50].mean() < 4.0


def test_iterations_help_and_chance_does_not_enter(mel: np.ndarray) -> None:
    loud = mel > mel.max() - 50
    errors = [np.abs(mel_db(griffin_lim(mel, FEATURES, n).astype(float), FEATURES) - mel)[loud].mean() for n in (1, 30)]
    assert errors[1] < errors[0]
    assert np.array_equal(griffin_lim(mel, FEATURES, 3), griffin_lim(mel, FEATURES, 3))


def test_silence_stays_silent() -> None:
    assert np.abs(griffin_lim(np.full((12, 64), -100.0), FEATURES)).max() < 1e-3
