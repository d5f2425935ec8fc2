"""Curves against the weights of a uniform quadratic B-spline, written out."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.simulation.head.splines import smooth, smooth_closed


def on_span(before: np.ndarray, at: np.ndarray, after: np.ndarray, t: float) -> np.ndarray:
    """The curve at share ``t`` of the span around a point, from the middle of one side to that of the next."""
    return np.asarray(0.5 * (1 - t) ** 2 * before + (0.5 + t * (1 - t)) * at + 0.5 * t**2 * after)


@pytest.mark.parametrize("steps", [2, 3, 4])
@pytest.mark.parametrize("count", [3, 4, 9])
def test_a_closed_curve_is_the_spline_around_its_polygon(count: int, steps: int) -> None:
    points = np.random.default_rng(count).normal(size=(count, 2))
    curve = smooth_closed(points, steps)
    assert curve.shape == (steps * count, 2)
    for row, made in enumerate(curve):
        k = round(row / steps)
        expected = on_span(points[k - 1], points[k % count], points[(k + 1) % count], row / steps - k + 0.5)
        np.testing.assert_allclose(made, expected, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_an_open_curve_ends_at_its_ends_and_its_first_half_side_is_straight(count: int, steps: int) -> None:
    points = np.random.default_rng(count).normal(size=(count, 2))
    curve = smooth(points, steps)
    assert curve.shape == (1 + steps * (count - 1), 2)
    for row, made in enumerate(curve):
        place = row / steps
        k = round(place)
        if 0 < k < count - 1:
            expected = on_span(points[k - 1], points[k], points[k + 1], place - k + 0.5)
        else:
            left = min(int(place), count - 2)
            expected = points[left] + (place - left) * (points[left + 1] - points[left])
        np.testing.assert_allclose(made, expected, atol=1e-12)
