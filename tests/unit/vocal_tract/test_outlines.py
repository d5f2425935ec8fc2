"""Outlines below the size of a pixel, and their parts."""

from __future__ import annotations

import numpy as np
import pytest
from contourpy import LineType, contour_generator

from rtmri2speech.vocal_tract.outlines import (
    arc_length,
    class_outline,
    clockwise,
    last_before_gap,
    level_lines,
    resample,
)


def disc(radius: float = 9.3, size: int = 32) -> np.ndarray:
    """Probabilities (3, S, S): a soft disc about (15.2, 14.6), the rest, and a class that is nowhere."""
    y, x = np.indices((size, size)) + 0.5
    inside = 1.0 / (1.0 + np.exp(np.hypot(x - 15.2, y - 14.6) - radius))
    return np.stack([1.0 - inside, inside, np.zeros_like(inside)])


def test_the_outline_of_a_disc_is_a_circle_to_a_twentieth_of_a_pixel() -> None:
    found = class_outline(disc(), [1], 4.0)
    assert found is not None
    outline, rivals = found
    np.testing.assert_allclose(np.hypot(*(outline - (15.2, 14.6)).T), 9.3, atol=0.05)
    assert set(rivals) == {0}
    right = outline[np.argmax(outline[:, 0]) + 1 - len(outline)]
    assert right[1] > 14.6, "clockwise as one sees it: down on the right"


def test_classes_that_are_absent_or_too_small() -> None:
    assert class_outline(disc(), [2], 4.0) is None
    assert class_outline(disc(radius=1.0), [1], 9.0) is None
    both = class_outline(disc(), [0, 1], 4.0)
    assert both is not None
    assert both[0].min() == pytest.approx(0.0, abs=0.51), "together they fill the frame"


def test_the_likeliest_rival_bounds_a_class() -> None:
    probabilities = np.zeros((3, 4, 6))
    probabilities[1] = np.array([0.9, 0.9, 0.6, 0.4, 0.1, 0.1])
    probabilities[2] = np.array([0.05, 0.05, 0.3, 0.5, 0.8, 0.8])
    probabilities[0] = 1.0 - probabilities[1] - probabilities[2]
    found = class_outline(probabilities, [1], 1.0)
    assert found is not None
    outline, rivals = found
    edge = np.abs(outline[:, 1] - 2.0) < 1.0
    # .6 - .3 at the third pixel's center, .4 - .5 at the fourth's: zero three quarters of the way.
    assert outline[edge, 0].max() == pytest.approx(3.25)
    assert rivals[edge][np.argmax(outline[edge, 0])] == 2


def test_parts_of_a_closed_line() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    np.testing.assert_array_equal(clockwise(square, 3, 1), square[[3, 0, 1]])
    np.testing.assert_array_equal(resample(square, 7)[::2], square)
    np.testing.assert_array_equal(arc_length(square), [0, 2, 4, 6])
    assert last_before_gap(square, 1, np.array([True, False, True, False]), 5.0) == 0
    assert last_before_gap(square, 1, np.array([True, False, True, False]), 3.0) == 2
    assert last_before_gap(square, 1, np.zeros(4, bool), 3.0) == 1


def test_lines_of_a_level_are_those_of_the_general_function() -> None:
    field = np.random.default_rng(0).random((9, 14))
    expected = contour_generator(z=field, line_type=LineType.Separate).lines(0.4)
    found = level_lines(field, 0.4)
    assert len(found) == len(expected) > 3
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
