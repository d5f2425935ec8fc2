"""Narrow-band PESQ: its best value, its order, and what has none."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import pytest

from rtmri2speech.metrics.waveform import pesq_narrow_band
from talker import speak

RATE = 11413


def test_the_same_is_best_and_noise_is_worse() -> None:
    pytest.importorskip("pesq")
    wave = speak(2.0, seed=3, size=16, sample_rate=RATE).audio.astype(np.float64)
    rng = np.random.default_rng(0)
    found = [pesq_narrow_band(wave, wave + a * rng.normal(size=len(wave)), RATE)["pesq_nb"] for a in (0, 0.01, 0.1)]
    assert found[0] == pytest.approx(4.549, abs=0.01) and found == sorted(found, reverse=True)
    long = np.tile(wave, 12)  # 24 s: in two pieces
    assert pesq_narrow_band(long, long, RATE)["pesq_nb"] == pytest.approx(4.549, abs=0.01)


def test_silence_and_a_moment_have_none() -> None:
    pytest.importorskip("pesq")
    noise = np.random.default_rng(0).normal(size=RATE)
    for one, other in ((np.zeros(RATE), noise), (noise, np.zeros(RATE)), (noise[:200], noise[:200])):
        assert math.isnan(pesq_narrow_band(one, other, RATE)["pesq_nb"])


def test_without_the_package_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pesq":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert pesq_narrow_band(np.ones(RATE), np.ones(RATE), RATE) == {}
