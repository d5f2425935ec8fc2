"""Warps: walls end up where they are to go, opposite ones stay, and nothing is torn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from drawn_walls import GRID, PIXEL, SIZE, Walls, walls
from rtmri2speech.analysis.movement.walls import Movement, moved_wall
from rtmri2speech.analysis.movement.warps import backward, moved_points, movement_field
from rtmri2speech.analysis.widening.warp import warp
from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.contours import CONTOURS


def field_of(drawn: Walls, mm: float, direction: str = "close") -> Float64:
    wall = moved_wall(Movement("tongue", direction, mm), drawn.midline, drawn.distance, drawn.contours)  # type: ignore[arg-type]
    assert wall is not None
    return movement_field(wall, GRID)


@pytest.mark.parametrize("mm", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("direction", ["close", "open"])
def test_the_wall_goes_all_the_way_and_the_opposite_one_stays(mm: float, direction: str) -> None:
    drawn = walls(12.0)
    field = field_of(drawn, mm, direction)
    tongue, palate = (drawn.contours[CONTOURS.index(name)] for name in ("tongue", "palate_and_velum"))
    moves = moved_points(field, tongue, GRID)
    assert np.hypot(*moves[10:-10].T) == pytest.approx(mm, rel=0.12)
    assert np.abs(moved_points(field, palate, GRID)).max() < 0.15 * mm


@pytest.mark.parametrize("mm", [0.5, 2.0, 5.0])
def test_the_way_back_is_the_inverse(mm: float) -> None:
    field = field_of(walls(12.0), mm)
    came = backward(field).whole(SIZE)
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float64)
    from_there = [rows - came[..., 1], columns - came[..., 0]]
    again = np.stack([map_coordinates(field[..., axis], from_there, order=1, mode="nearest") for axis in (0, 1)], -1)
    assert np.abs(again - came).max() < 0.02
    # Nothing is torn or folded: what comes from one place comes from there only.
    assert (1.0 - np.gradient(came[..., 0], axis=1) > 0.0).all() and (
        1.0 - np.gradient(came[..., 1], axis=0) > 0.0
    ).all()


def test_the_edge_in_a_warped_frame_lies_where_the_wall_went() -> None:
    drawn, mm = walls(12.0), 3.0
    gray = torch.from_numpy(drawn.gray.astype(np.float64))[None]
    shown = warp(gray, torch.from_numpy(backward(field_of(drawn, mm)).whole(SIZE))[None])[0].numpy()
    # Across the straight part of the tube towards the lips: the tongue lies below it.
    column = int((drawn.contours[CONTOURS.index("tongue")][60, 0]) / PIXEL)
    before, after = (_edge(image[:, column], drawn) for image in (drawn.gray.astype(np.float64), shown))
    assert before - after == pytest.approx(mm, abs=0.5)


def _edge(values: Float64, drawn: Walls) -> float:
    """Where a column becomes tissue again below the passage, mm."""
    row = int(drawn.midline[-8, 1] / PIXEL)
    level = 0.5 * (values[row] + values[row + 8 : row + 12].mean())
    below = values[row : row + 12]
    first = int(np.argmax(below > level))
    part = (level - below[first - 1]) / (below[first] - below[first - 1])
    return float((row + first - 1 + part + 0.5) * PIXEL)


def test_points_that_are_unknown_stay_so_without_a_word() -> None:
    points = np.array([[np.nan, np.nan], [0.0, 0.0]])
    np.testing.assert_array_equal(moved_points(np.ones((SIZE, SIZE, 2)), points, GRID), [[0.0, 0.0], [PIXEL, PIXEL]])
