from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.signal.sound_clock import STEADY, SoundClock, interpolated

RATE, PIECE = 8000, 160


def clock(times: NDArray[np.float64], tick: float = 0.0, lost: int | None = None, counted: bool = False) -> SoundClock:
    made = SoundClock(RATE, tick, counted)
    for number, time in enumerate(times):
        made.add(float(time), PIECE, number == lost)
    return made


def pulses(n: int, *places: int) -> NDArray[np.float32]:
    sound = np.zeros((1, n), np.float32)
    for place in places:
        sound[0, place - 8 : place + 9] = np.hanning(17)
    return sound


def middles(samples: NDArray[np.float32]) -> list[float]:
    loud = np.flatnonzero(samples[0] > 0.05)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 50) + 1)
    return [float((group * samples[0, group]).sum() / samples[0, group].sum()) for group in groups]


EVEN = np.arange(400) * PIECE / RATE


def test_what_agrees_is_left_alone() -> None:
    samples = pulses(400 * PIECE, 1000)
    for times in (EVEN, EVEN + 0.3, np.round(EVEN, 3)):
        found, start, report = clock(times, 1e-3).follow(samples)
        assert found is samples and start == times[0] and report == STEADY
    assert SoundClock(RATE).follow(samples) == (samples, 0.0, STEADY)


@pytest.mark.parametrize("ratio", [1.015, 0.99])
def test_a_drift_is_followed(ratio: float) -> None:
    samples = pulses(400 * PIECE, 2000, 30000, 60000)
    found, start, report = clock(np.round(EVEN * ratio, 3), 1e-3).follow(samples)
    assert start == 0.0 and report.drift == pytest.approx(8.0 * (ratio - 1), abs=2e-3) and not report.jumps
    # A fortieth of a frame.
    assert np.abs(np.array(middles(found)) - ratio * np.array([2000, 30000, 60000])).max() < 1e-3 * RATE


@pytest.mark.parametrize("size", [0.25, -0.25, 3.0])
def test_a_jump_is_followed(size: float) -> None:
    samples = pulses(400 * PIECE, 2000, 60000)
    found, start, report = clock(EVEN + size * (np.arange(400) >= 200)).follow(samples)
    assert start == 0.0 and middles(found) == pytest.approx([2000, 60000 + size * RATE], abs=1)
    assert report.jumps == ((pytest.approx(4.0), pytest.approx(size)),) and report.drift == 0.0
    assert found.shape[1] == 400 * PIECE + size * RATE


@pytest.mark.parametrize("places", [[0], [399], [7], [100, 101], [3, 200, 390]])
@pytest.mark.parametrize("size", [0.3, -2.0, 1000.0])
def test_odd_stamps_move_nothing(places: list[int], size: float) -> None:
    samples, times = pulses(400 * PIECE, 2000, 60000), EVEN.copy()
    times[places] += size
    found, start, report = clock(times).follow(samples)
    assert start == pytest.approx(0.0, abs=1e-9) and report.odd == len(places) and not report.jumps
    assert np.array_equal(found, samples)


def test_what_comes_after_a_damaged_packet_is_late_even_at_the_end() -> None:
    samples, times = pulses(400 * PIECE, 2000, 400 * PIECE - 50), EVEN.copy()
    times[399] += 0.06
    found, _, report = clock(times, lost=399).follow(samples)
    assert middles(found)[1] == pytest.approx(400 * PIECE - 50 + 0.06 * RATE, abs=1) and len(report.jumps) == 1


def test_stamps_that_scatter_are_averaged_and_the_rest_is_said() -> None:
    samples = pulses(400 * PIECE, 2000, 60000)
    jitter = np.random.default_rng(0).normal(0, 8e-3, 400)
    found, _, report = clock(1.01 * EVEN + jitter).follow(samples)
    assert np.abs(np.array(middles(found)) - 1.01 * np.array([2000, 60000])).max() < 9e-3 * RATE
    assert 8e-3 < report.uncertain < 0.05


def test_a_count_of_chunks_is_no_clock_but_a_long_gap_is() -> None:
    samples, tick = pulses(400 * PIECE, 2000, 60000), PIECE / RATE
    ahead = EVEN + tick * (np.arange(400) // 17)
    found, _, report = clock(ahead, tick, counted=True).follow(samples)
    assert found is samples and report == STEADY
    late = EVEN + 10 * tick * (np.arange(400) >= 200)
    found, _, report = clock(late, tick, counted=True).follow(samples)
    assert middles(found)[1] == pytest.approx(60000 + 10 * PIECE, abs=1)


def test_a_jump_of_hours_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"jump ahead by 5000\.0 s at 4\.00 s"):
        clock(EVEN + 5000.0 * (np.arange(400) >= 200)).follow(pulses(400 * PIECE, 2000))


def test_interpolation_keeps_a_tone() -> None:
    time = np.arange(4000) / RATE
    places = np.arange(200, 3700) * 1.003
    found = interpolated(np.sin(2 * np.pi * 2500 * time)[None].astype(np.float32), places)
    assert np.abs(found[0] - np.sin(2 * np.pi * 2500 * places / RATE)).max() < 2e-3
