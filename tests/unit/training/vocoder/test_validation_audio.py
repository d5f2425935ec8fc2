"""What is measured and heard of validation utterances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.engine.metrics_log import RunLog
from rtmri2speech.training.vocoder.validation_audio import ValidationAudio

FEATURES = FeatureConfig()
CPU = torch.device("cpu")


def voice(seed: int, seconds: float = 1.5) -> torch.Tensor:
    """A hum with noise, shape (1, N)."""
    time = torch.arange(int(seconds * FEATURES.sample_rate)) / FEATURES.sample_rate
    generator = torch.Generator().manual_seed(seed)
    hum = sum(torch.sin(2 * torch.pi * 120 * k * time) / k for k in range(1, 20))
    assert isinstance(hum, torch.Tensor)
    return (0.1 * hum + 0.01 * torch.randn(len(time), generator=generator))[None]


def test_measured_are_some_of_all_evenly_spread() -> None:
    audio = ValidationAudio([f"u{i}" for i in range(10)], FEATURES, measured=4)
    for index in range(10):
        # Only what is measured may count: the others are spoilt.
        spoilt = torch.zeros_like(voice(index)) if index % 3 else voice(index)
        audio.update(index, voice(index), spoilt)
    found = audio.compute(CPU)
    assert found["val/stoi"] == pytest.approx(1.0, abs=1e-4) and found["val/mrstft"] == pytest.approx(0.0, abs=1e-6)
    assert {"val/estoi", "val/vuv_error", "val/f0_rmse_cents", "val/pesq_wb"} <= found.keys()
    audio.reset()
    assert all(np.isnan(value) for value in audio.compute(CPU).values())


def test_worse_sound_measures_worse() -> None:
    audio = ValidationAudio(["u"], FEATURES, measured=8)
    audio.update(0, voice(0), voice(0) + 0.2 * torch.randn(voice(0).shape, generator=torch.Generator().manual_seed(1)))
    found = audio.compute(CPU)
    assert found["val/estoi"] < 0.9 and found["val/mrstft"] > 0.3


def test_nothing_measured_is_still_heard(tmp_path: Path) -> None:
    audio = ValidationAudio(["a", "b", "c", "d"], FEATURES, measured=0)
    for index in range(4):
        audio.update(index, voice(index, 7.0), 0.5 * voice(index, 7.0))
    assert all(np.isnan(value) for value in audio.compute(CPU).values())
    log = RunLog(tmp_path)
    audio.log_sounds(log, 3)
    log.close()
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    names = {f"{name}: {kind}" for name in "abc" for kind in ("generated", "recorded")}
    assert set(events.Tags()["audio"]) == names
    sound = events.Audio("a: generated")[0]
    assert sound.step == 3 and sound.length_frames == int(6.0 * FEATURES.sample_rate)
