"""The recognizer that comes with the program: what it reads, how it decides, and that it knows simulated speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.assets import asset, example_video
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.evaluation.intelligibility.edit_distance import edit_distance
from rtmri2speech.evaluation.intelligibility.phone_network import (
    FEATURES,
    PhoneConfig,
    PhoneNetwork,
    best_path,
    levels_of,
    load_phone_network,
    save_phone_network,
)
from rtmri2speech.evaluation.intelligibility.recognizers import RATE, parse_recognizer

SHIPPED = asset("phones/phones.safetensors")


def test_it_writes_down_what_a_simulated_speaker_says() -> None:
    video = example_video()
    sound = read_sound(video.with_suffix(".wav"))
    tier = next(tier for tier in read_textgrid(video.with_suffix(".TextGrid")).tiers if tier.name == "phones")
    said = [entry.label for entry in tier.entries if entry.label]
    found = parse_recognizer("phones").recognize(sound.samples, sound.rate).split()
    vowels, heard = ([phone for phone in phones if phone in "aiueo"] for phones in (said, found))
    assert len(said) == 35 and edit_distance(said, found) <= 0.4 * len(said)
    assert edit_distance(vowels, heard) <= 0.2 * len(vowels), "of consonants many are wrong"
    softer = parse_recognizer("phones").recognize(0.5 * sound.samples, sound.rate).split()
    assert edit_distance(found, softer) <= 0.05 * len(found), "loudness says little"


def test_silence_and_what_is_too_short_have_no_phones() -> None:
    for wave in (np.zeros(RATE, np.float32), np.zeros(100, np.float32), np.zeros(0, np.float32)):
        assert parse_recognizer("phones").recognize(wave, RATE) == ""


def test_levels_are_relative_to_the_mean_of_their_band() -> None:
    wave = np.random.default_rng(0).standard_normal(FEATURES.sample_rate).astype(np.float32)
    levels = levels_of(0.1 * wave, FEATURES.sample_rate)
    assert levels.shape == (FEATURES.sample_rate // FEATURES.hop_length, FEATURES.n_mels)
    np.testing.assert_allclose(levels.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(levels_of(0.2 * wave, FEATURES.sample_rate), levels, atol=1e-4)


def test_a_short_lapse_is_no_phone_and_states_come_once() -> None:
    likely = np.log([0.9, 0.1])
    scores = np.tile(likely, (30, 1))
    scores[10:20] = likely[::-1]
    assert best_path(scores) == [0, 1, 0]
    scores[10:20] = likely
    scores[12] = likely[::-1]
    assert best_path(scores) == [0]
    assert best_path(np.zeros((0, 2))) == []


def test_files_are_small_whole_and_of_this_kind(tmp_path: Path) -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    torch.manual_seed(0)
    network, path = PhoneNetwork(PhoneConfig(hidden=2, phones=("a",))).eval(), tmp_path / "p.safetensors"
    save_phone_network(network, path, {})
    again = load_phone_network(path)
    levels = torch.randn(1, 20, FEATURES.n_mels)
    with torch.inference_mode():
        torch.testing.assert_close(again(levels), network(levels), atol=1e-2, rtol=0)
        torch.testing.assert_close(again(levels).exp().sum(dim=-1), torch.ones(1, 20))
    with pytest.raises(BundleError, match="no such file"):
        load_phone_network(tmp_path / "other.safetensors")


def test_other_languages_and_arguments_are_refused() -> None:
    assert parse_recognizer("phones", "ja").phones
    with pytest.raises(ConfigError, match="`language=en`"):
        parse_recognizer("phones", "en")
    with pytest.raises(ConfigError, match="takes nothing after its name"):
        parse_recognizer("phones:x")
