"""F0 that takes the predicted one's place: read, put on the frames' clock, and refused when it is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import measured
from rtmri2speech.data.annotation.pitch_tier import PitchTier, write_pitch_tier
from rtmri2speech.data.media.clips import Clip, open_video
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.inference.tract.given_pitch import given_pitch
from rtmri2speech.inference.tract.way import TractWay
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel
from rtmri2speech.phonetics import praat
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from talker import speak, write_recording

FEATURES = FeatureConfig()


@pytest.fixture
def clip(talker: Path) -> Clip:
    return open_video(talker, FEATURES, FrameConfig(size=32))


def test_flat_is_the_mean_of_the_voiced_frames(clip: Clip) -> None:
    f0_hz = np.array([100.0, 200.0, 300.0, 150.0], np.float32)
    voiced = np.array([0.9, 0.8, 0.2, 0.5], np.float32)
    pitch = given_pitch("flat", clip, FEATURES)
    assert pitch.over(f0_hz, voiced).tolist() == [150.0, 150.0, 0.0, 0.0]
    assert pitch.over(f0_hz, np.zeros(4, np.float32)).tolist() == [0.0] * 4


def test_a_pitch_tier_is_interpolated_where_voice_is_predicted(clip: Clip, tmp_path: Path) -> None:
    path, rate = tmp_path / "p.PitchTier", float(FEATURES.frame_rate)
    seconds = clip.scan.duration
    write_pitch_tier(path, PitchTier(0.0, seconds, np.array([0.0, seconds]), np.array([100.0, 200.0])))
    pitch = given_pitch(str(path), clip, FEATURES)
    assert not pitch.notes
    voiced = np.ones(clip.n_frames, np.float32)
    voiced[1] = 0.0
    made = pitch.over(np.zeros(clip.n_frames, np.float32), voiced)
    assert made[0] == pytest.approx(100.0 + 100.0 * 0.5 / rate / seconds) and made[1] == 0.0
    write_pitch_tier(path, PitchTier(0.0, seconds + 1.0, np.array([0.2]), np.array([130.0])))
    longer = given_pitch(path, clip, FEATURES)
    assert "lasts from 0.00" in longer.notes[0] and longer.over(voiced, voiced).max() == 130.0
    write_pitch_tier(path, PitchTier(0.0, seconds, np.array([0.2, 0.4]), np.array([130.0, 3.0])))
    with pytest.raises(MediaError, match=r"p\.PitchTier: 3 Hz at 0\.40 s is no pitch"):
        given_pitch(path, clip, FEATURES)


def test_the_sound_says_where_there_is_voice(tmp_path: Path) -> None:
    if not praat.available():
        pytest.skip("needs the extra phonetics")
    talk = speak(2.0, seed=0, size=32)
    time = np.arange(len(talk.audio)) / talk.sample_rate
    harmonics = sum(np.sin(2 * np.pi * 160.0 * number * time) / number for number in range(1, 12))
    sound = np.where(time < 1.0, 0.1 * harmonics, 0.0).astype(np.float32)
    video = write_recording(replace(talk, audio=sound), tmp_path, "v")
    clip = open_video(video, FEATURES, FrameConfig(size=32))
    made = given_pitch("from-audio", clip, FEATURES).over(
        np.zeros(clip.n_frames, np.float32), np.zeros(clip.n_frames, np.float32)
    )
    assert made[2:25] == pytest.approx(160.0, abs=2.0) and not made[30:].any()


def test_an_array_is_taken_as_it_is(clip: Clip) -> None:
    f0_hz = np.full(clip.n_frames, 120.0)
    f0_hz[3] = 0.0
    assert np.array_equal(given_pitch(f0_hz, clip, FEATURES).over(np.zeros(1), np.zeros(1)), f0_hz)
    with pytest.raises(ConfigError, match="frames of the model's clock"):
        given_pitch(f0_hz[1:], clip, FEATURES)
    f0_hz[2] = -1.0
    with pytest.raises(ConfigError, match="-1 Hz in frame 2"):
        given_pitch(f0_hz, clip, FEATURES)


def test_no_such_word_and_no_sound(clip: Clip, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`f0=flatt`: neither flat nor from-audio"):
        given_pitch("flatt", clip, FEATURES)
    if praat.available():
        silent = write_recording(speak(1.0, seed=0, size=32), tmp_path, "silent", wav=False)
        with pytest.raises(MediaError, match="has no sound to take the pitch from"):
            given_pitch("from-audio", open_video(silent, FEATURES, FrameConfig(size=32)), FEATURES)


def test_the_mel_follows(clip: Clip) -> None:
    torch.manual_seed(0)
    network = TractAcousticModel(TractAcousticConfig(width=8, hidden=8, layers=1), FEATURES).eval()
    way = TractWay(Bundle.from_tract(network, FEATURES))
    rows = measured.rows(20)
    low, high = (way.predict(rows, np.full(20, hertz, np.float32)) for hertz in (100.0, 220.0))
    assert low.f0_hz.tolist() == [100.0] * 20 and not torch.allclose(low.mel_db, high.mel_db)
