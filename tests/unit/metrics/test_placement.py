"""Delay and level of a made sound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.metrics.placement import placement
from rtmri2speech.signal import defaults

RATE = defaults.SAMPLE_RATE


def syllables(seed: int = 0) -> np.ndarray:
    """Two seconds of noise in swells of different length."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(rng.uniform(0.01, 1.0, 20), RATE // 10)
    return 0.2 * np.convolve(levels, np.hanning(400) / 200, mode="same") * rng.standard_normal(len(levels))


@pytest.mark.parametrize(("samples", "lag"), [(0, 0.0), (814, 71.3), (-571, -50.0)])
def test_the_delay_is_found(samples: int, lag: float) -> None:
    found = placement(syllables(), np.roll(syllables(), samples), RATE)
    assert found["lag_ms"] == pytest.approx(lag, abs=2.5)


def test_the_level_is_a_ratio_of_powers() -> None:
    assert placement(syllables(), 0.5 * syllables(), RATE) == pytest.approx(
        {"lag_ms": 0.0, "level_db": -6.02}, abs=0.01
    )


def test_sounds_that_do_not_correspond_have_no_delay() -> None:
    found = placement(syllables(), 0.1 * np.random.default_rng(3).standard_normal(2 * RATE), RATE)
    assert math.isnan(found["lag_ms"]) and math.isfinite(found["level_db"])


def test_silence_has_neither() -> None:
    assert all(math.isnan(value) for value in placement(syllables(), np.zeros(2 * RATE), RATE).values())
