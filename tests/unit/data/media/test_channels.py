from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from tests.talker import speak

from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.channels import speech_in
from rtmri2speech.data.media.streams import Tracks
from rtmri2speech.errors import MediaError

RATE = 16000


@pytest.fixture(scope="module")
def voice() -> NDArray[np.float32]:
    return speak(3.0, 0, sample_rate=RATE, size=16).audio


def others(length: int) -> dict[str, NDArray[np.float32]]:
    """What lies in the other channel of recordings in a scanner."""
    rng, time = np.random.default_rng(0), np.arange(length) / RATE
    pulses = (time % 1 < 0.005).astype(np.float32)
    gradient = 0.4 * np.sign(np.sin(2 * np.pi * 27 * time)) * np.sin(2 * np.pi * 700 * time)
    found = {
        "noise": 0.3 * rng.standard_normal(length),
        "scanner": gradient + 0.02 * rng.standard_normal(length),
        "nothing": np.zeros(length),
        "constant": np.full(length, 0.4),
        "last bits": 1e-5 * rng.standard_normal(length),
        "hum": 0.8 * np.sin(2 * np.pi * 50 * time),
        "trigger": pulses,
        "click": (np.arange(length) == length // 3).astype(np.float64),
    }
    return {name: one.astype(np.float32) for name, one in found.items()}


@pytest.mark.parametrize("name", list(others(4)))
@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_of_two_channels_the_one_with_speech_is_taken(
    tmp_path: Path, voice: NDArray[np.float32], name: str, leak: float
) -> None:
    other = others(len(voice))[name]
    if np.abs(other).max() < 0.5:
        other = other + leak * voice
    for at, word in ((0, "left"), (1, "right")):
        pair = [other, other]
        pair[at] = voice
        soundfile.write(tmp_path / "a.wav", np.stack(pair, axis=1), RATE, subtype="FLOAT")
        found = read_sound(tmp_path / "a.wav")
        if name in ("nothing", "constant", "last bits") and leak:
            # The same sound, softer: one sound in both.
            assert np.allclose(found.samples, np.mean(pair, axis=0), atol=1e-6)
            continue
        assert np.array_equal(found.samples, voice), name
        ((problem, remedy),) = found.notes
        assert f"the {word} one is used" in problem and "`channel=mix`" in remedy


def test_speech_is_told_from_what_is_steady(voice: NDArray[np.float32]) -> None:
    noise = 0.1 * others(len(voice))["noise"]
    assert speech_in(voice, RATE) > 2 * speech_in(voice + noise, RATE) > 3 * speech_in(noise, RATE)
    # The gain of a channel means little.
    assert speech_in(0.1 * voice, RATE) > 0.6 * speech_in(voice, RATE)
    assert speech_in(voice[:100], RATE) > speech_in(0 * voice[:100], RATE) == 0


def test_opposite_polarity_is_no_silence(tmp_path: Path, voice: NDArray[np.float32]) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([voice, -0.9 * voice], axis=1), RATE, subtype="FLOAT")
    found = read_sound(tmp_path / "a.wav")
    assert np.array_equal(found.samples, voice) and "opposite polarity" in found.notes[0][0]


def test_the_channel_asked_for_is_taken(tmp_path: Path, voice: NDArray[np.float32]) -> None:
    channels = np.stack([voice, 0.5 * voice[::-1], others(len(voice))["noise"]], axis=1)
    soundfile.write(tmp_path / "a.wav", channels, RATE, subtype="FLOAT")
    wanted = {"left": 0, "right": 1, 1: 0, 2: 1, 3: 2}
    for channel, column in wanted.items():
        found = read_sound(tmp_path / "a.wav", Tracks(channel=channel))  # type: ignore[arg-type]
        assert np.array_equal(found.samples, channels[:, column]) and not found.notes
    mixed = read_sound(tmp_path / "a.wav", Tracks(channel="mix")).samples
    assert np.allclose(mixed, channels.mean(axis=1), atol=1e-7)
    with pytest.raises(MediaError, match=r"`channel=4`: the sound has 3 channel"):
        read_sound(tmp_path / "a.wav", Tracks(channel=4))
    assert np.array_equal(read_sound(tmp_path / "a.wav").samples, voice)
