"""A wave is measured once for all that it is compared with, and never another one's result is given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.phonetics import remembered as module
from rtmri2speech.phonetics.remembered import remembered

Wave = NDArray[np.float64]


def counted(most: int) -> tuple[list[float], Callable[..., float]]:
    """A measure, and a list of what it was really called for."""
    calls: list[float] = []

    @remembered(most)
    def first_times(wave: Wave, factor: float, offset: float = 0.0) -> float:
        calls.append(float(wave[0]))
        return float(wave[0]) * factor + offset

    return calls, first_times


def test_the_same_samples_and_options_are_measured_once() -> None:
    calls, measure = counted(4)
    wave = np.array([2.0, 1.0])
    assert [measure(one, 3.0) for one in (wave, wave.copy(), wave.astype(np.float32), wave[::1])] == [6.0] * 4
    assert calls == [2.0]
    assert measure(wave, 3.0, offset=1.0) == 7.0
    assert measure(wave, 4.0) == 8.0
    wave[0] = 5.0
    assert measure(wave, 3.0) == 15.0
    assert calls == [2.0, 2.0, 2.0, 5.0]


def test_the_latest_in_use_are_kept() -> None:
    calls, measure = counted(2)
    for value in (1.0, 2.0, 1.0, 3.0, 1.0, 2.0):
        assert measure(np.array([value]), 1.0) == value
    assert calls == [1.0, 2.0, 3.0, 2.0]


def test_long_waves_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST", 3)
    calls, measure = counted(2)
    for length in (3, 3, 4, 4):
        measure(np.ones(length), 1.0)
    assert len(calls) == 3
