from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtmri2speech.signal.retiming import Retiming, plan_retiming

RATE = Fraction(11413, 420)
ATR = Fraction(625, 23)

rates = st.fractions(Fraction(2), Fraction(300), max_denominator=1001)


def constant(n: int, rate: Fraction, begin: float = 0.0) -> tuple[NDArray[np.float64], float]:
    """Times of n frames at a constant rate, as scan_video gives them."""
    return begin + np.array([float(i / rate) for i in range(n)]), begin + float(n / rate)


def dense(plan: Retiming, n: int) -> NDArray[np.float64]:
    """The plan as one matrix, shape (T, n)."""
    matrix = np.zeros((len(plan), n + plan.weights.shape[1]))
    for row, (first, weights) in enumerate(zip(plan.first, plan.weights, strict=True)):
        matrix[row, first : first + len(weights)] += weights
    assert not matrix[:, n:].any(), "weight on frames that do not exist"
    return matrix[:, :n]


def streamed(plan: Retiming, frames: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = list(plan.apply(frame for frame in frames))
    assert all(len(block) <= 64 for block in blocks)
    return np.concatenate(blocks) if blocks else np.zeros((0, *frames.shape[1:]), np.float32)


def overlap_matrix(edges: NDArray[np.float64], count: int, rate: Fraction) -> NDArray[np.float64]:
    """Share of each output frame that each source frame covers, from the definition."""
    rows = []
    for j in range(count):
        low, high = float(j / rate), float((j + 1) / rate)
        rows.append(np.maximum(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0))
    matrix = np.array(rows).reshape(count, len(edges) - 1)
    return matrix / matrix.sum(axis=1, keepdims=True)


def test_the_atr_recordings_are_used_as_they_are() -> None:
    plan = plan_retiming(*constant(300, ATR), RATE)
    assert plan.identity and len(plan) == 300
    frames = np.random.default_rng(0).integers(0, 256, (300, 2, 3)).astype(np.uint8)
    assert np.array_equal(streamed(plan, frames), frames)


def test_another_rate_is_not_used_as_it_is() -> None:
    assert not plan_retiming(*constant(300, RATE * Fraction(100002, 100000)), RATE).identity


def test_irregular_times_are_retimed_even_at_the_same_mean_rate() -> None:
    starts, end = constant(100, RATE)
    starts[50:60] += 2.5 / float(RATE)
    starts[60:] = np.linspace(starts[59] + 0.001, end - 0.001, 40)
    plan = plan_retiming(starts, end, RATE)
    assert not plan.identity
    centres = np.append(starts, end)
    centres = (centres[:-1] + centres[1:]) / 2
    times = dense(plan, 100) @ centres
    assert np.abs(times - (np.arange(100) + 0.5) / float(RATE)).max() < 2 / float(RATE)


def test_three_to_one_is_the_mean_of_three() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (240, 4, 5)).astype(np.uint8)
    plan = plan_retiming(*constant(240, 3 * RATE), RATE)
    expected = frames.reshape(80, 3, 4, 5).mean(axis=1)
    assert np.abs(streamed(plan, frames) - expected).max() < 1e-3


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 150), rates.filter(lambda rate: rate > RATE * Fraction(100002, 100000)))
def test_area_average_is_the_overlap_and_conserves_the_mean(n: int, rate: Fraction) -> None:
    starts, end = constant(n, rate)
    plan = plan_retiming(starts, end, RATE)
    count = int(n / rate * RATE + Fraction(1, 10**6))
    assert len(plan) == count
    if count == 0:
        return
    matrix = dense(plan, n)
    assert np.abs(matrix - overlap_matrix(np.append(starts, end), count, RATE)).max() < 1e-4
    # Every source frame that lies wholly within the output has the same part in it.
    whole = int(Fraction(count) / RATE * rate)
    assert np.allclose(matrix.sum(axis=0)[:whole], float(RATE / rate), atol=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 100), rates.filter(lambda rate: rate < RATE * Fraction(99998, 100000)))
def test_linear_interpolation_reproduces_a_ramp_in_time(n: int, rate: Fraction) -> None:
    starts, end = constant(n, rate, begin=3.25)
    plan = plan_retiming(starts, end, RATE)
    centres = [float((i + Fraction(1, 2)) / rate) for i in range(n)]
    wanted = np.clip([float((j + Fraction(1, 2)) / RATE) for j in range(len(plan))], centres[0], centres[-1])
    assert np.abs(dense(plan, n) @ centres - wanted).max() < 1e-5 * (1 + centres[-1])


@st.composite
def any_times(draw: st.DrawFn) -> tuple[NDArray[np.float64], float]:
    if draw(st.booleans()):
        return constant(draw(st.integers(1, 200)), draw(rates), begin=draw(st.floats(0, 100)))
    gaps = draw(st.lists(st.floats(1e-3, 0.6), min_size=1, max_size=150))
    edges = np.cumsum([draw(st.floats(0, 100)), *gaps])
    return edges[:-1], float(edges[-1])


@settings(deadline=None, max_examples=120)
@given(any_times())
def test_any_times_give_means_in_order(times: tuple[NDArray[np.float64], float]) -> None:
    starts, end = times
    plan = plan_retiming(starts, end, RATE)
    n = len(starts)
    duration = end - starts[0]
    if not plan.identity:
        assert abs(len(plan) - duration * float(RATE)) <= 1 and len(plan) <= duration * float(RATE) + 1e-3
    if len(plan) == 0:
        return
    assert (np.diff(plan.first) >= 0).all() and plan.first[0] >= 0
    assert np.abs(plan.weights.sum(axis=1) - 1).max() < 1e-5 and plan.weights.min() >= 0
    matrix = dense(plan, n)
    used = [np.flatnonzero(row) for row in matrix]
    assert [int(row[-1]) for row in used] == plan.last.tolist()
    frames = np.random.default_rng(n).uniform(0, 255, (n, 2, 2)).astype(np.float32)
    expected = (matrix @ frames.reshape(n, -1)).reshape(-1, 2, 2)
    assert np.abs(streamed(plan, frames) - expected).max() < 1e-2


@settings(deadline=None, max_examples=60)
@given(any_times())
def test_output_frame_covers_its_own_time(times: tuple[NDArray[np.float64], float]) -> None:
    """A source frame has no part in an output frame that it is further from than the method reaches."""
    starts, end = times
    plan = plan_retiming(starts, end, RATE)
    if plan.identity or len(plan) == 0:
        return
    edges = np.append(starts, end) - starts[0]
    longest = float(np.diff(edges).max())
    for j, (low, high) in enumerate(zip(plan.first, plan.last, strict=True)):
        centre = float((j + Fraction(1, 2)) / RATE)
        reach = longest + 0.5 / float(RATE) + 1e-6
        assert edges[low + 1] >= centre - reach and edges[high] <= centre + reach


@pytest.mark.parametrize(
    "rate", [Fraction(65040, 781), Fraction(2318, 100), Fraction(30000, 1001), Fraction(6449, 1000)]
)
def test_an_hour_does_not_drift(rate: Fraction) -> None:
    n = int(3600 * rate)
    plan = plan_retiming(*constant(n, rate), RATE)
    assert len(plan) == int(n / rate * RATE)
    for j in [0, 1, 1000, *range(len(plan) - 500, len(plan) - 30)]:
        if rate > RATE:
            exact = j / RATE * rate  # the output frame's begin in source frames
            assert plan.first[j] == int(exact) or abs(exact - round(exact)) < Fraction(1, 10**5)
        else:
            exact = (j + Fraction(1, 2)) / RATE * rate - Fraction(1, 2)
            place = plan.first[j] + plan.weights[j, 1]
            assert abs(float(place - max(exact, 0))) < 1e-4


def test_a_stream_is_read_no_further_than_needed() -> None:
    taken = 0

    def source() -> object:
        nonlocal taken
        for index in range(10_000):
            taken += 1
            yield np.full((1, 1), index, np.uint16)

    plan = plan_retiming(*constant(10_000, 3 * RATE), RATE)
    blocks = plan.apply(source())
    first = next(blocks)
    assert taken <= 64 * 3 + 2
    assert np.allclose(first[:, 0, 0], 3 * np.arange(64) + 1)


def test_one_long_frame_fills_its_time() -> None:
    plan = plan_retiming(np.array([2.0]), 3.0, RATE)
    assert len(plan) == 27
    assert (streamed(plan, np.full((1, 2, 2), 9.0, np.float32)) == 9.0).all()
