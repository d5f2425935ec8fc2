"""What is said to have changed is what was changed."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.analysis.attribution.targets import read_bands
from rtmri2speech.analysis.occlusion.effects import Changes, Measure, MelEffects, SoundEffects, speech_frames
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()
BANDS = read_bands(["F1:300-900", "F2:900-2500"], FEATURES)


def resonant(f1: float, f2: float, frames: int = 6) -> np.ndarray:
    """A mel with two peaks, (T, M), dB."""
    hz = FEATURES.mel_centers()
    power = 1e-4 + sum(1.0 / (1.0 + ((hz - peak) / 60.0) ** 2) for peak in (f1, f2, 3500.0, 4600.0))
    return np.repeat(10 * np.log10(power)[None], frames, axis=0).astype(np.float32)


def voice(period: int, f1: float, seconds: float = 0.8) -> np.ndarray:
    """A pulse every so many samples, through five resonances, (N,)."""
    rate = FEATURES.sample_rate
    wave = np.zeros(round(seconds * rate))
    wave[period::period] = 1.0
    for peak in (f1, 1500.0, 2600.0, 3700.0, 4700.0):
        radius, angle = np.exp(-np.pi * 80 / rate), 2 * np.pi * peak / rate
        a1, a2 = 2 * radius * np.cos(angle), -(radius**2)
        for n in range(2, len(wave)):
            wave[n] += a1 * wave[n - 1] + a2 * wave[n - 2]
    return 0.3 * wave / np.abs(wave).max()


def named(changes: Changes) -> dict[str, float]:
    """Changes by the names of their measures."""
    return {measure.name: change for measure, change in changes.items()}


def test_names_and_labels_of_measures() -> None:
    found = [Measure("F1", "level", "dB"), Measure("F1", "", "Hz", absolute=True), Measure("sound", "voicing")]
    assert [one.name for one in found] == ["F1_level_db", "F1_abs_hz", "sound_voicing"]
    assert [one.label for one in found] == ["F1 level (dB)", "F1 abs (Hz)", "sound: voicing"]


def test_louder_is_louder_and_nothing_else() -> None:
    mel = resonant(500, 1500)
    found = named(MelEffects(mel, BANDS, FEATURES)(mel - 3.0))
    for band in ("F1", "F2"):
        assert found[f"{band}_level_db"] == pytest.approx(-3.0, abs=1e-4)
        assert found[f"{band}_level_abs_db"] == pytest.approx(3.0, abs=1e-4)
        assert found[f"{band}_hz"] == pytest.approx(0.0, abs=0.05)
    assert found["mel_mae_db"] == pytest.approx(3.0, abs=1e-4)
    assert found["mel_mcd_db"] == pytest.approx(0.0, abs=1e-3)


def test_a_formant_that_moved() -> None:
    found = named(MelEffects(resonant(500, 1500), BANDS, FEATURES)(resonant(580, 1500)))
    assert found["F1_hz"] == pytest.approx(80, abs=30) and found["F1_abs_hz"] == pytest.approx(found["F1_hz"])
    assert abs(found["F2_hz"]) < 25
    assert found["mel_mcd_db"] > 0.5


def test_changes_of_both_signs_cancel_in_one_measure_only() -> None:
    mel = resonant(500, 1500, frames=4)
    changed = mel + np.array([2.0, -2.0, 2.0, -2.0], np.float32)[:, None]
    found = named(MelEffects(mel, BANDS, FEATURES)(changed))
    assert found["F1_level_db"] == pytest.approx(0, abs=1e-4)
    assert found["F1_level_abs_db"] == pytest.approx(2, abs=1e-4)


def test_silence_does_not_count() -> None:
    mel = resonant(500, 1500, frames=6)
    mel[3:] -= 60
    np.testing.assert_array_equal(speech_frames(mel), [0, 1, 2])
    changed = mel.copy()
    changed[3:] += 50
    assert named(MelEffects(mel, BANDS, FEATURES)(changed))["mel_mae_db"] == 0


def test_few_bands_have_no_cepstrum() -> None:
    features = FeatureConfig(n_mels=20)
    mel = np.zeros((3, 20), np.float32)
    found = named(MelEffects(mel, read_bands(["F1:300-900"], features), features)(mel))
    assert np.isnan(found["mel_mcd_db"]) and found["mel_mae_db"] == 0


def test_sound_that_rose_and_sound_that_stayed() -> None:
    pytest.importorskip("parselmouth")
    low = voice(104, 500)
    effects = SoundEffects(low, FEATURES, np.arange(3, 18))
    same, higher, opener = (named(effects(wave)) for wave in (low, voice(82, 500), voice(104, 620)))
    assert same["sound_f0_hz"] == same["sound_F1_abs_hz"] == same["sound_voicing"] == same["sound_mcd_db"] == 0
    rate = FEATURES.sample_rate
    assert higher["sound_f0_hz"] == pytest.approx(rate / 82 - rate / 104, abs=1)
    assert opener["sound_F1_hz"] == pytest.approx(120, abs=30) and abs(opener["sound_F2_hz"]) < 20
    assert abs(opener["sound_f0_hz"]) < 1 and opener["sound_mcd_db"] > 1
    telephone = SoundEffects(low, FeatureConfig(sample_rate=8000, fmax=4000), np.arange(3, 18))
    assert named(telephone(low))["sound_F1_abs_hz"] == 0
    silent = named(effects(np.zeros_like(low)))
    assert np.isnan(silent["sound_f0_hz"]) and silent["sound_voicing"] > 0.8
