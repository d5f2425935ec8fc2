"""What is said of the noise of a recording, and of taking it off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.arrays import Floating
from rtmri2speech.corpora.base import Recording, SoundRecording
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.textgrid import interval_grid
from rtmri2speech.preparation.denoising import evidence
from rtmri2speech.preparation.denoising.evidence import formant_changes, noise_of


class Ears:
    """Recognizes how loud a wave is."""

    def recognize(self, wave: Floating, rate: int) -> str:
        return f"{rate} {np.sqrt(np.mean(np.square(wave))):.3f}"


def test_without_a_denoiser_the_level_alone_is_measured(humming: Path) -> None:
    sound = read_sound(humming.with_suffix(".wav"))
    facts = noise_of(SoundRecording("hum", "one", humming), sound)
    assert facts.effect is None and facts.findings == [] and facts.denoised == ""
    assert facts.snr is not None and 5.0 < facts.snr < 25.0


def test_the_effect_is_that_of_the_part_with_frames(humming: Path) -> None:
    sound = read_sound(humming.with_suffix(".wav"))
    grid = interval_grid({"words": [(0.0, 1.0, "aka"), (1.0, 3.0, "ito")]}, 4.0)
    recording = Recording("hum", "one", humming, humming.with_suffix(".wav"), text_tiers=("words",))
    found = noise_of(recording, sound, "spectral", (0.5, 3.5), Ears(), grid)
    effect = found.effect
    assert effect is not None and effect.snr is not None and found.snr is not None
    assert effect.snr > found.snr + 8.0 and effect.delay == 0.0 and effect.said == "aka ito"
    assert [text.split()[0] for text in effect.recognized] == ["16000", "16000"]
    assert effect.recognized[0] != effect.recognized[1]
    said = noise_of(replace(recording, text="other"), sound, "spectral", None, None, grid).effect
    assert said is not None and said.said == "other" and said.recognized == ()


def vowel(seconds: float, f1: float, f2: float, rate: int = 16_000) -> np.ndarray:
    """A voice of 110 Hz through two resonances of 80 Hz bandwidth."""
    signal = pytest.importorskip("scipy.signal")
    wave = np.zeros(int(seconds * rate))
    wave[:: rate // 110] = 1.0
    for frequency in (f1, f2, 2500.0, 3500.0):
        radius, angle = np.exp(-np.pi * 80 / rate), 2 * np.pi * frequency / rate
        wave = signal.lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], wave)
    return np.asarray(0.1 * wave / np.abs(wave).max(), np.float32)


def test_formants_before_and_after_are_those_of_the_sounds() -> None:
    pytest.importorskip("parselmouth", reason="the extra phonetics is not installed")
    before = np.concatenate([vowel(0.4, 500, 1500), vowel(0.8, 700, 1200)])
    after = np.concatenate([vowel(0.4, 550, 1500), vowel(0.8, 750, 1200)])
    first, second = formant_changes(before, after, 16_000)
    assert first.after - first.before == pytest.approx(50.0, abs=15.0)
    assert second.after == pytest.approx(second.before, abs=15.0)
    assert first.correlation is not None and first.correlation > 0.95
    assert formant_changes(0 * before, 0 * before, 16_000) == ()


def test_without_praat_there_are_no_formants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.praat, "available", lambda: False)
    assert formant_changes(np.ones(16_000, np.float32), np.ones(16_000, np.float32), 16_000) == ()
