"""The measured tract moved like its frames: distances, lengths, and formants of the tube."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_walls import GRID, tract_of, walls
from rtmri2speech.analysis.movement.tube import moved_section, tube_change, wall_points
from rtmri2speech.analysis.movement.walls import Movement, moved_wall
from rtmri2speech.analysis.movement.warps import moved_points, movement_field
from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
from rtmri2speech.vocal_tract.measurement.formants import tract_formants

WIDTH = 12.0


def sections(articulator: str, direction: str, mm: float) -> tuple[Float64, float]:
    drawn = walls(WIDTH)
    wall = moved_wall(Movement(articulator, direction, mm), drawn.midline, drawn.distance, drawn.contours)  # type: ignore[arg-type]
    assert wall is not None
    moves = moved_points(movement_field(wall, GRID), wall_points(drawn.midline, drawn.distance), GRID)
    return moved_section(drawn.midline, drawn.distance, moves)


def test_a_wall_that_closes_narrows_the_sections_that_it_faces_by_as_much() -> None:
    distance, longer = sections("tongue", "close", 2.0)
    assert distance[12:30] == pytest.approx(WIDTH - 2.0, abs=0.3)
    assert distance[[0, 1, 39]] == pytest.approx(WIDTH, abs=0.1)
    assert longer == pytest.approx(1.0, abs=0.03)


def test_lips_pushed_forward_lengthen_the_tract() -> None:
    drawn = walls(WIDTH)
    forward = np.zeros((2, 40, 2))
    forward[:, 36:] = (-3.0, 0.0)
    distance, longer = moved_section(drawn.midline, drawn.distance, forward)
    length = np.hypot(*np.diff(drawn.midline, axis=0).T).sum()
    assert (longer - 1.0) * length == pytest.approx(3.0, abs=0.05)
    assert distance == pytest.approx(WIDTH, abs=0.05)


def test_the_tubes_change_is_that_of_its_areas() -> None:
    tract = tract_of([walls(WIDTH)] * 2)
    distance = tract.distance.copy()
    distance[0, 15:25] -= 2.0
    found = tube_change(tract, distance, np.ones(2), np.array([True, False]))
    area = load_area_model().areas(distance[:1])
    wanted = tract_formants(tract.length[:1], area, np.stack([area, area], axis=-1)).frequencies - tract.formants[:1]
    np.testing.assert_allclose(found[:1], wanted, atol=1e-6)
    assert np.isnan(found[1]).all() and np.abs(found[0]).max() > 5.0
    longer = tube_change(tract, tract.distance, np.full(2, 1.02), np.ones(2, np.bool_))
    assert (longer < 0.0).all()
