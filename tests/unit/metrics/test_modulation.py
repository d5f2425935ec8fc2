"""Modulation spectra: speech that moves, moves less, moves later."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.metrics.modulation import modulation_distance
from rtmri2speech.signal import defaults

RATE = defaults.SAMPLE_RATE
TIMES = np.arange(3 * RATE) / RATE


def tremolo(depth: float, frequency: float = 4.0, shift: float = 0.0) -> np.ndarray:
    """Noise whose two halves of the spectrum swell in turn, by ``exp(depth sin)``."""
    low, high = (np.random.default_rng(seed).standard_normal(len(TIMES)) for seed in (0, 1))
    smooth = np.convolve(low, np.ones(8) / 8, mode="same")
    sway = depth * np.sin(2 * np.pi * frequency * (TIMES - shift))
    return 0.1 * (np.exp(sway) * smooth + np.exp(-sway) * 0.3 * np.diff(high, prepend=0.0))


def test_a_wave_has_no_distance_from_itself() -> None:
    assert modulation_distance(tremolo(1.0), tremolo(1.0), RATE) == {
        "modulation_distance_db": 0.0,
        "modulation_bias_db": 0.0,
    }


def test_less_movement_has_a_bias_below_zero() -> None:
    less = modulation_distance(tremolo(1.5), tremolo(0.3), RATE)
    more = modulation_distance(tremolo(0.3), tremolo(1.5), RATE)
    assert less["modulation_bias_db"] < 0 < less["modulation_distance_db"]
    assert more["modulation_bias_db"] == pytest.approx(-less["modulation_bias_db"])
    assert more["modulation_distance_db"] == pytest.approx(less["modulation_distance_db"])


def test_when_it_moves_matters_less_than_how_fast() -> None:
    later = modulation_distance(tremolo(1.5), tremolo(1.5, shift=0.125), RATE)["modulation_distance_db"]
    faster = modulation_distance(tremolo(1.5), tremolo(1.5, frequency=12.0), RATE)["modulation_distance_db"]
    assert later < 0.7 * faster


@pytest.mark.parametrize("wave", [np.zeros(3 * RATE), np.ones(100), 0.1 * np.ones(RATE // 2)])
def test_silence_and_scraps_have_none(wave: np.ndarray) -> None:
    assert all(math.isnan(value) for value in modulation_distance(wave, wave, RATE).values())
