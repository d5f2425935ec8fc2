"""Segments of sound begun anywhere, louder or softer, faster or slower, with the mel of what they have become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource
from rtmri2speech.data.dataset.sound_augment import SoundAugmentConfig, augmented_sound
from rtmri2speech.data.dataset.training_items import SoundSegments
from rtmri2speech.data.media.audio import read_sound, write_float_wav
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.mel import mel_db

MakeDataset = Callable[..., Path]
F = 8
TONE = 250  # Hz


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    """A long noise, a noise shorter than a segment, a long tone."""
    dataset = Dataset(make_dataset((40, 4, 60), ("train", "train", "train")))
    features = dataset.meta.features
    tone = 0.5 * np.sin(2 * np.pi * TONE * np.arange(60 * features.hop_length) / features.sample_rate)
    write_float_wav(dataset.audio_path(dataset.utterances[2]), tone.astype(np.float32), features.sample_rate)
    return dataset


def draw(dataset: Dataset, index: int, seed: int, **config: object) -> tuple[np.ndarray, np.ndarray]:
    mel, wave = augmented_sound(
        dataset, dataset.utterances[index], F, SoundAugmentConfig.model_validate(config), np.random.default_rng(seed)
    )
    return mel.numpy(), wave.numpy()


def sound_of(dataset: Dataset, index: int) -> np.ndarray:
    return read_sound(dataset.audio_path(dataset.utterances[index])).samples


def place(whole: np.ndarray, part: np.ndarray) -> int:
    """Where a part lies in the whole."""
    return int(np.argmin([np.abs(whole[i : i + len(part)] - part).sum() for i in range(len(whole) - len(part) + 1)]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), any_start=st.booleans())
def test_mel_is_that_of_the_recording_begun_there(dataset: Dataset, seed: int, any_start: bool) -> None:
    whole, features = sound_of(dataset, 0), dataset.meta.features
    hop = features.hop_length
    mel, wave = draw(dataset, 0, seed, any_start=any_start)
    start = place(whole, wave)
    np.testing.assert_array_equal(wave, whole[start : start + F * hop])
    assert any_start or start % hop == 0
    expected = mel_db(whole[start % hop :], features)[start // hop : start // hop + F]
    np.testing.assert_allclose(mel, expected, atol=1e-3)


def test_segments_begin_between_frames_and_from_end_to_end(dataset: Dataset) -> None:
    whole, features = sound_of(dataset, 0), dataset.meta.features
    hop = features.hop_length
    starts = {place(whole, draw(dataset, 0, seed, any_start=True)[1]) for seed in range(150)}
    assert len({start % hop for start in starts}) > hop // 2
    assert min(starts) < 2 * hop and max(starts) > len(whole) - (F + 2) * hop


def test_level_changes_within_its_limits_and_never_clips(dataset: Dataset) -> None:
    whole = sound_of(dataset, 0)
    changes = []
    for seed in range(40):
        mel, wave = draw(dataset, 0, seed, gain_db=8.0)
        own_mel, own = draw(dataset, 0, seed, gain_db=1e-9)
        change = 20 * np.log10(np.abs(wave).max() / np.abs(own).max())
        np.testing.assert_allclose(wave, own * 10 ** (change / 20), rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(mel, own_mel + change, atol=1e-2)
        changes.append(change)
    assert -8.01 <= min(changes) < -6 and 6 < max(changes) <= 8.01
    assert np.abs(whole).max() < 10 ** (-8 / 20)  # so that nothing was held back above
    loudest = max(np.abs(draw(dataset, 2, seed, gain_db=12.0)[1]).max() for seed in range(40))
    assert 0.99 < loudest <= 1.0001


def test_rate_changes_the_pitch_within_its_limits(dataset: Dataset) -> None:
    found = []
    features = dataset.meta.features
    for seed in range(30):
        mel, wave = draw(dataset, 2, seed, rate=0.2)
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 16 * len(wave)))
        found.append(spectrum.argmax() * features.sample_rate / (16 * len(wave)) / TONE)
        time = np.arange(F * features.hop_length) / features.sample_rate
        same = mel_db(np.sin(2 * np.pi * TONE * found[-1] * time), features)[4]
        assert mel[4].argmax() == same.argmax()
    assert 1 / 1.2 - 0.01 <= min(found) < 0.88 and 1.15 < max(found) <= 1.21


def test_what_is_shorter_than_a_segment_ends_in_silence(dataset: Dataset) -> None:
    for config in ({"any_start": True}, {"rate": 0.3}):
        mel, wave = draw(dataset, 1, 3, **config)
        features = dataset.meta.features
        assert wave.shape == (F * features.hop_length,) and mel.shape == (F, features.n_mels)
        assert np.abs(wave[: 2 * features.hop_length]).max() > 0.05 and not wave[-10:].any()
        assert mel[-1].max() == pytest.approx(10 * np.log10(features.floor), abs=1e-3)


def test_the_draw_is_a_function_of_seed_epoch_and_index(dataset: Dataset) -> None:
    config = SoundAugmentConfig(any_start=True, gain_db=6.0, rate=0.1)
    one, other = (SoundSegments(dataset, "train", 8, 5, augment=config) for _ in range(2))
    for key in ((0, 0), (3, 2)):
        for first, second in zip(one[key], other[key], strict=True):
            np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one[0, 0][1], one[1, 0][1])


def test_given_mels_cannot_follow_a_change(dataset: Dataset, tmp_path: Path) -> None:
    source = MelSource(tmp_path)
    SoundSegments(dataset, "train", 8, 5, source, SoundAugmentConfig())
    with pytest.raises(ConfigError, match="belong to the sound as it was recorded"):
        SoundSegments(dataset, "train", 8, 5, source, SoundAugmentConfig(gain_db=3.0))
