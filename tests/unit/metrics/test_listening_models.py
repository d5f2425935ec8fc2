"""Networks of the user's: TorchScript that is called rightly, and files that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rtmri2speech
from rtmri2speech.errors import UserError
from rtmri2speech.metrics.listening_models import Listeners, ListeningModel, speaker_similarity

RATE = 16_000


class Moments(nn.Module):
    """An embedding per frame: level and slope, (1, 2, D)."""

    def forward(self, wave: Tensor) -> Tensor:
        level, slope = wave.abs().mean(), (wave[:, 1:] - wave[:, :-1]).abs().mean()
        return torch.stack([level, slope]).expand(1, 2, 2)


class Rating(nn.Module):
    """As networks that rate speech take them: a wave and its rate, (1,)."""

    def forward(self, wave: Tensor, rate: int) -> Tensor:
        return torch.tensor([wave.shape[1] / rate])


@pytest.fixture
def speaker(tmp_path: Path) -> Path:
    torch.jit.script(Moments()).save(str(tmp_path / "speaker.pt"))
    return tmp_path / "speaker.pt"


@pytest.fixture
def quality(tmp_path: Path) -> Path:
    torch.jit.script(Rating()).save(str(tmp_path / "quality.pt"))
    return tmp_path / "quality.pt"


def test_the_call_that_opens_the_same_again(speaker: Path, quality: Path) -> None:
    for given in (
        Listeners.of(speaker, None),
        Listeners.of(None, quality, 8000),
        Listeners.of(speaker, quality),
        Listeners(ListeningModel(speaker), ListeningModel(quality, 8000)),
        Listeners(),
    ):
        assert eval(given.call, {"rtmri2speech": rtmri2speech}) == given


def tone(frequency: float, rate: int = RATE) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * frequency * np.arange(rate) / rate)


def test_similarity_is_the_cosine_of_the_embeddings(speaker: Path) -> None:
    model = ListeningModel(speaker)
    assert speaker_similarity(model, tone(200), 0.5 * tone(200), RATE) == pytest.approx(1.0, abs=1e-6)
    one, other = (model(tone(frequency), RATE) for frequency in (200, 5000))
    assert one.shape == (2,) and one[0] == pytest.approx(0.6 / np.pi, rel=1e-3)
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    found = speaker_similarity(model, tone(200), tone(5000), RATE)
    assert found == pytest.approx(expected) and found < 0.95
    assert np.isnan(speaker_similarity(model, tone(200), np.zeros(RATE), RATE))


def test_a_wave_is_brought_to_the_networks_rate(quality: Path) -> None:
    listeners = Listeners.of(None, quality, 8000)
    found = listeners.measure(tone(100), np.concatenate([tone(100), tone(100)]), RATE)
    assert found == pytest.approx({"quality": 2.0, "quality_recorded": 1.0}, abs=1e-3)
    assert list(listeners.files) == ["quality"]


def test_what_is_no_network_is_refused(tmp_path: Path, speaker: Path) -> None:
    other = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, other)
    plain = speaker.rename(tmp_path / "speaker.bin")
    for path, problem in ((tmp_path / "none.pt", "no such file"), (plain, "neither"), (other, "no TorchScript")):
        with pytest.raises(UserError, match=problem):
            Listeners.of(path, None)


def test_a_network_that_refuses_the_wave_is_named(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(3, 2)).save(str(tmp_path / "linear.pt"))
    with pytest.raises(UserError, match=r"linear\.pt: refuses a wave"):
        Listeners.of(tmp_path / "linear.pt", None).measure(tone(100), tone(100), RATE)
