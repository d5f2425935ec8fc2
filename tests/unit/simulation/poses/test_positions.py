"""Positions of the articulators: what is possible, and how far they reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.poses.positions import SHAPES, draw_positions, is_possible
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract


def test_vocaltractlabs_own_shapes_are_possible(contours: Callable[..., Contours]) -> None:
    assert is_possible(contours("@", "a", "i", "u", "tt-alveolar-closure(a)", "tb-velar-closure(u)")).all()


def test_tongues_through_roof_wall_or_themselves_are_not(contours: Callable[..., Contours]) -> None:
    shape = contours("@")
    for x, y in ((0.0, 1.5), (-1.5, 0.0)):
        assert not is_possible(replace(shape, tongue=shape.tongue + np.array((x, y)))).any()
    crossed = shape.tongue.copy()
    crossed[:, 12:21] = shape.tongue[:, 20:11:-1]
    assert not is_possible(replace(shape, tongue=crossed)).any()


@pytest.fixture(scope="module")
def drawn() -> tuple[VocalTract, np.ndarray, Contours]:
    tract = VocalTract()
    states, contours = draw_positions(tract, {name: tract.shape(name) for name in SHAPES}, 60, np.random.default_rng(1))
    return tract, states, contours


def test_positions_lie_within_the_limits_and_reach_far(drawn: tuple[VocalTract, np.ndarray, Contours]) -> None:
    tract, states, contours = drawn
    assert states.shape == (60, 19) and len(contours) == 60 and is_possible(contours).all()
    assert (states >= tract.low - 1e-9).all() and (states <= tract.high + 1e-9).all()
    velum = states[:, TRACT.index("VO")]
    assert 0.3 < (velum <= 0.0).mean() < 0.7 and velum.max() > 0.5
    assert contours.closure is not None
    # Closed by the tongue, open, and in between; lips shut and open.
    assert (contours.closure > 0.9).sum() > 4 and (contours.closure < 0.1).sum() > 15
    lips = states[:, TRACT.index("LD")]
    assert (lips <= 0.0).sum() > 4 and (lips > 0.3).sum() > 20
    # Larynx and tongue move by centimeters.
    assert np.ptp(contours.lower[:, 0, 1]) > 1.0 and np.ptp(contours.tongue[:, 20, 0]) > 1.5


def test_the_same_random_numbers_give_the_same_positions(drawn: tuple[VocalTract, np.ndarray, Contours]) -> None:
    tract = VocalTract()
    again, _ = draw_positions(tract, {name: tract.shape(name) for name in SHAPES}, 60, np.random.default_rng(1))
    np.testing.assert_array_equal(again, drawn[1])
