"""Distances of contours, on lines and circles whose distances are known."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.evaluation.segmentation.distances import contour_distance


def line(start: tuple[float, float], stop: tuple[float, float]) -> np.ndarray:
    return np.array([start, stop], np.float64)


def arc(radius: float, start: float, stop: float) -> np.ndarray:
    angle = np.radians(np.linspace(start, stop, 181))
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_a_line_from_itself_and_from_a_parallel_one() -> None:
    truth = line((0, 0), (10, 0))
    same = contour_distance(truth, truth)
    assert same.mean == same.hd95 == 0.0 and same.offset == (0.0, 0.0)
    moved = contour_distance(line((0, 2), (10, 2)), truth)
    assert moved.mean == moved.hd95 == moved.from_truth == moved.to_truth == pytest.approx(2.0)
    assert moved.offset == pytest.approx((0.0, 2.0))


def test_what_goes_on_beyond_the_truth_does_not_count_but_what_is_missing_does() -> None:
    truth = line((0, 0), (10, 0))
    longer = contour_distance(line((-5, 1), (30, 1)), truth)
    assert longer.mean == pytest.approx(1.0) and longer.hd95 == pytest.approx(1.0)
    shorter = contour_distance(line((0, 0), (6, 0)), truth)
    assert shorter.to_truth == pytest.approx(0.0)
    # The last four tenths of it lie 0 to 4 from the end of what was found: .4 times 2.
    assert shorter.from_truth == pytest.approx(0.8, abs=0.05)
    assert shorter.mean == pytest.approx(0.4, abs=0.03)
    assert shorter.hd95 == pytest.approx(3.5, abs=0.1)


def test_concentric_arcs() -> None:
    found = contour_distance(arc(12.0, 20, 160), arc(10.0, 20, 160))
    assert found.mean == pytest.approx(2.0, abs=0.01) and found.hd95 == pytest.approx(2.0, abs=0.01)


def test_a_shifted_arc() -> None:
    # A half circle moved sideways by d: |d cos(angle)| to first order, 2 d / pi in the mean.
    found = contour_distance(arc(50.0, 0, 180) + np.array([0.5, 0.0]), arc(50.0, 0, 180))
    assert found.mean == pytest.approx(0.5 * 2 / np.pi, rel=0.02)


def test_nothing_alongside() -> None:
    found = contour_distance(line((20, 0), (30, 0)), line((0, 0), (10, 0)))
    assert np.isnan(found.to_truth)
    assert found.mean == found.from_truth == pytest.approx(15.0)
