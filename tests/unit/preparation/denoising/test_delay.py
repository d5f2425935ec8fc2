"""By how much a sound is late."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.preparation.denoising.delay import delay_of
from talker import speak

RATE = 8000


@pytest.mark.parametrize("shift", [-400, 0, 1, 333])
def test_the_delay_is_found_to_the_sample(shift: int) -> None:
    wave = speak(2.5, 1, sample_rate=RATE, size=8).audio
    rng = np.random.default_rng(0)
    late = np.roll(0.5 * wave, shift) + 0.01 * rng.standard_normal(len(wave)).astype(np.float32)
    assert delay_of(wave, late, RATE) == shift / RATE


def test_long_sounds_are_judged_by_their_loudest_minute() -> None:
    rng = np.random.default_rng(1)
    wave = np.zeros(200 * 1000, np.float32)
    wave[150_000:160_000] = rng.standard_normal(10_000)
    assert delay_of(wave, np.roll(wave, 20), 1000) == 0.02


def test_silence_and_other_sounds_have_no_delay() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.standard_normal((2, RATE)).astype(np.float32)
    assert (
        delay_of(one, other, RATE) == 0.0
        and delay_of(one, 0 * one, RATE) == 0.0
        and delay_of(one[:1], one[:1], RATE) == 0
    )
