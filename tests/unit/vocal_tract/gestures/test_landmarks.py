"""Landmarks of gestures: known movements, symmetries, gaps, noise."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.gestures.landmarks import GestureOptions, Landmarks, find_landmarks

# Speed of a movement of least jerk is 30 u^2 (1 - u)^2 and crosses 20 % of its peak at u and 1 - u (of its duration).
CROSSING = 0.12825
OPEN = 12.0


def moved(times: Float64, start: float, end: float, low: float, high: float) -> Float64:
    """From ``low`` to ``high`` with the least jerk (Flash and Hogan 1985)."""
    share = np.clip((times - start) / (end - start), 0.0, 1.0)
    return low + (high - low) * (10 * share**3 - 15 * share**4 + 6 * share**5)


def closure(rate: float, lag: float = 0.0, seconds: float = 1.5) -> Float64:
    """Lips that close from 0.4 to 0.6 s and open from 0.75 to 1.0 s."""
    times = (np.arange(int(seconds * rate)) + 0.5) / rate - lag
    return OPEN + moved(times, 0.4, 0.6, 0.0, -OPEN) + moved(times, 0.75, 1.0, 0.0, OPEN)


def expected(lag: float = 0.0) -> list[float]:
    down, up = 0.2, 0.25
    times = [0.4 + CROSSING * down, 0.5, 0.6 - CROSSING * down, 0.75 + CROSSING * up, 0.875, 1.0 - CROSSING * up]
    return [time + lag for time in times]


def times_of(one: Landmarks) -> list[float]:
    return [one.onset, one.peak_velocity, one.target, one.release, one.release_peak_velocity, one.offset]


@pytest.mark.parametrize(("rate", "within"), [(83.278, 0.001), (50.0, 0.002), (27.174, 0.005), (23.18, 0.008)])
def test_a_known_closure_between_frames(rate: float, within: float) -> None:
    for lag in (0.0, 0.3 / rate, 0.7 / rate):
        (one,) = find_landmarks(closure(rate, lag), rate, options=GestureOptions(smoothing=0.0))
        np.testing.assert_allclose(times_of(one), expected(lag), atol=within)
        assert one.extreme == pytest.approx(0.0, abs=0.05)
        assert one.displacement == pytest.approx(0.98 * OPEN, abs=0.3)
        assert one.speed == pytest.approx(1.875 * OPEN / 0.2, rel=0.06)
        assert one.release_speed == pytest.approx(1.875 * OPEN / 0.25, rel=0.06)


def test_smoothing_widens_by_little_and_lags_by_nothing() -> None:
    (one,) = find_landmarks(closure(83.278), 83.278)
    np.testing.assert_allclose(times_of(one), expected(), atol=0.005)
    assert one.peak_velocity == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("rate", [83.278, 23.18])
def test_noise_makes_no_gestures(rate: float) -> None:
    noise = 0.3 * np.random.default_rng(1).standard_normal(int(1.5 * rate))
    (one,) = find_landmarks(closure(rate) + noise, rate)
    np.testing.assert_allclose(times_of(one), expected(), atol=0.05)
    assert find_landmarks(OPEN + noise, rate) == []


def test_a_single_wrong_frame_is_no_gesture() -> None:
    values = np.full(60, OPEN)
    values[30] = 2.0
    assert find_landmarks(values, 23.18) == []
    assert find_landmarks(values, 83.278) == []


def test_a_movement_that_is_too_small_is_none() -> None:
    small = OPEN + (closure(50.0) - OPEN) * 0.1
    assert find_landmarks(small, 50.0) == []
    assert len(find_landmarks(small, 50.0, options=GestureOptions(least_mm=1.0))) == 1


def test_larger_values_are_the_extreme_of_the_other_direction() -> None:
    (down,) = find_landmarks(closure(50.0), 50.0)
    (up,) = find_landmarks(-closure(50.0), 50.0, "larger")
    assert astuple(replace(up, extreme=-up.extreme)) == astuple(down)
    assert find_landmarks(closure(50.0), 50.0, "larger")[0].onset is not None


def test_gaps() -> None:
    values = closure(83.278)
    (whole,) = find_landmarks(values, 83.278)
    short = values.copy()
    short[[10, 40, 41, 60]] = np.nan
    (one,) = find_landmarks(short, 83.278)
    np.testing.assert_allclose(times_of(one), times_of(whole), atol=0.004)
    long = values.copy()
    long[36:66] = np.nan  # 0.43 to 0.79 s: the plateau and most of both movements
    assert all(np.isnan(one.onset) or np.isnan(one.offset) for one in find_landmarks(long, 83.278))
    for nothing in (np.full(40, np.nan), values[:0], values[:3]):
        assert find_landmarks(nothing, 83.278) == []


def test_what_lies_outside_of_the_recording_is_unknown() -> None:
    rate, values = 50.0, closure(50.0)
    (started,) = find_landmarks(values[int(0.65 * rate) :], rate)
    assert np.isnan([started.onset, started.peak_velocity, started.target, started.displacement, started.speed]).all()
    assert started.release + int(0.65 * rate) / rate == pytest.approx(expected()[3], abs=0.01)
    assert started.extreme == pytest.approx(0.0, abs=0.05)
    (stopped,) = find_landmarks(values[: int(0.7 * rate)], rate)
    assert np.isnan([stopped.release, stopped.offset, stopped.release_displacement]).all()
    assert stopped.target == pytest.approx(expected()[2], abs=0.01)


# Chains of movements between targets of any size.
SERIES = st.lists(st.integers(0, 200), min_size=3, max_size=8).map(
    lambda targets: (
        np.interp(np.arange(12 * len(targets)) / 12, np.arange(len(targets)), np.array(targets) / 10.0)
        + 1e-3 * np.sin(np.arange(12 * len(targets)) * 1.7)
    )
)


@given(SERIES)
def test_order_and_neighbors(values: Float64) -> None:
    found = find_landmarks(values, 50.0)
    times = np.array([times_of(one) for one in found]).ravel()
    assert (np.diff(times[np.isfinite(times)]) >= 0).all()
    for one in found:
        assert not one.displacement < 0 and not one.speed < 0


@given(SERIES)
def test_reversal_in_time_exchanges_the_movements(values: Float64) -> None:
    rate, seconds = 50.0, len(values) / 50.0
    there, back = find_landmarks(values, rate), find_landmarks(values[::-1].copy(), rate)[::-1]
    assert len(there) == len(back)
    for one, other in zip(there, back, strict=True):
        np.testing.assert_allclose(times_of(one), seconds - np.array(times_of(other))[::-1], atol=1e-6)
        np.testing.assert_allclose(
            [one.extreme, one.displacement, one.speed],
            [other.extreme, other.release_displacement, other.release_speed],
            atol=1e-6,
        )


@given(SERIES, st.floats(0.1, 20.0), st.floats(-50.0, 50.0))
def test_scale_and_offset(values: Float64, scale: float, offset: float) -> None:
    plain = find_landmarks(values, 50.0, options=GestureOptions(least_mm=1.0371))
    other = find_landmarks(scale * values + offset, 50.0, options=GestureOptions(least_mm=1.0371 * scale))
    assert len(plain) == len(other)
    for one, two in zip(plain, other, strict=True):
        np.testing.assert_allclose(times_of(one), times_of(two), atol=1e-6)
        np.testing.assert_allclose(scale * one.extreme + offset, two.extreme, atol=1e-6)
        np.testing.assert_allclose(
            [scale * one.displacement, scale * one.speed], [two.displacement, two.speed], rtol=1e-6, atol=1e-6
        )


@given(SERIES, st.integers(1, 20))
def test_shift_in_time(values: Float64, frames: int) -> None:
    held = np.concatenate([np.full(30, values[0]), values, np.full(30, values[-1])])
    later = np.concatenate([np.full(frames, values[0]), held])
    plain, other = find_landmarks(held, 50.0), find_landmarks(later, 50.0)
    assert len(plain) == len(other)
    for one, two in zip(plain, other, strict=True):
        np.testing.assert_allclose(np.array(times_of(one)) + frames / 50.0, times_of(two), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"least_mm": 0.0}, "least_mm=0"),
        ({"least_mm": float("nan")}, "least_mm=nan"),
        ({"threshold": 1.0}, "threshold=1"),
        ({"least_seconds": -1.0}, "least_seconds=-1"),
        ({"smoothing": float("inf")}, "smoothing=inf"),
        ({"longest_gap": float("nan")}, "longest_gap=nan"),
    ],
)
def test_options_that_are_not_possible(options: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        GestureOptions(**options)
