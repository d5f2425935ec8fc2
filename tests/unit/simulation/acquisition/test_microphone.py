from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation.acquisition import microphone
from rtmri2speech.simulation.speaker.vocaltractlab import SAMPLE_RATE

TR_SECONDS, FRAME_SECONDS = 0.006, 0.0368
record = partial(microphone.record, tr_seconds=TR_SECONDS, frame_seconds=FRAME_SECONDS)


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
    quiet, loud = (record(np.zeros(SAMPLE_RATE), 40_000, 20_000, rng(), scanner_snr_db=snr) for snr in (20.0, 0.0))
    assert 20 * np.log10(loud.std() / quiet.std()) == pytest.approx(20.0, abs=0.5)
    spectrum = np.abs(np.fft.rfft(loud[:36_000] * np.hanning(36_000)))
    harmonics = np.arange(3, 12) * 36_000 / (TR_SECONDS * 20_000)
    between = harmonics + 0.5 * 36_000 / (TR_SECONDS * 20_000)
    assert spectrum[harmonics.round().astype(int)].mean() > 5 * spectrum[between.round().astype(int)].mean()


def test_the_same_seed_gives_the_same_sound() -> None:
    one, two = (record(tone(0.5), 9000, 20_000, rng(), scanner_snr_db=10.0) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("snr", [-20.0, -10.0, 0.0, 10.0, 20.0])
def test_speech_is_as_far_above_the_scanners_noise_as_asked_without_clipping(snr: float) -> None:
    level = np.sqrt(2.0) * microphone._SPEECH_LEVEL / microphone._GAIN
    speech = record(tone(2.0, level), 40_000, 20_000, rng()).astype(float)
    heard = record(tone(2.0, level), 40_000, 20_000, rng(), scanner_snr_db=snr).astype(float)
    assert np.abs(heard).max() < 0.99
    # Noise and speech have nothing in common, so that the part of the recording that is speech can be told.
    share = heard @ speech / (speech @ speech)
    noise = heard - share * speech
    assert 20 * np.log10(share * speech.std() / noise.std()) == pytest.approx(snr, abs=0.5)


def test_the_level_of_speech_is_that_of_a_speaker(tiny_phantom: Path) -> None:
    voiced = []
    for item in PhantomCorpus(tiny_phantom).recordings():
        f0 = Truth.load(item.video.with_suffix(".npz")).f0
        voiced.append(read_sound(item.video.with_suffix(".wav")).samples.reshape(len(f0), -1)[f0 > 0])
    level = float(np.sqrt(np.mean(np.square(np.concatenate(voiced)))))
    assert abs(20 * np.log10(level / microphone._SPEECH_LEVEL)) < 4.5
