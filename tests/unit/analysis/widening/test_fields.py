"""Displacement fields: what is moved, where to, and what adds up."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_walls import GRID, PIXEL, SIZE, Walls, walls
from rtmri2speech.analysis.widening.fields import FrameFields, PixelGrid, frame_fields
from rtmri2speech.arrays import Float64
from rtmri2speech.vocal_tract.contours import CONTOURS

WIDTH = 12.0


@pytest.fixture(scope="module")
def drawn() -> Walls:
    return walls(WIDTH)


@pytest.fixture(scope="module")
def fields(drawn: Walls) -> FrameFields:
    return frame_fields(drawn.midline, drawn.distance, drawn.contours, GRID)


def at(moved: Float64, point: Float64) -> Float64:
    """Displacement in mm at the pixel that holds a point in mm."""
    column, row = (point / PIXEL).astype(int)
    return np.asarray(moved[row, column] * PIXEL)


def first_point(name: str) -> int:
    return 40 + 64 * CONTOURS.index(name)


def test_all_sections_together_move_both_walls_apart_by_half_of_the_widening_each(
    drawn: Walls, fields: FrameFields
) -> None:
    moved = np.sum([fields.displacement(section, SIZE) for section in range(40)], axis=0)
    line = drawn.contours
    for name, sign in (("tongue", -1.0), ("palate_and_velum", 1.0)):
        inside = line[CONTOURS.index(name)][8:-8:6]
        for point in inside:
            nearest = drawn.midline[np.argmin(((drawn.midline - point) ** 2).sum(axis=1))]
            away = (point - nearest) / np.hypot(*(point - nearest))
            found = at(moved, point)
            assert found @ away == pytest.approx(0.5, abs=0.05), (name, sign)
    assert np.abs(moved[2, 2]).max() == 0.0


def test_a_section_moves_nothing_at_the_others(drawn: Walls, fields: FrameFields) -> None:
    moved = fields.displacement(10, SIZE)
    far = drawn.midline[30] + np.array([0.0, 5.0])
    assert np.abs(at(moved, far)).max() == 0.0
    # Less than half: no pixel's center lies where the hat has its top.
    assert 0.25 < np.abs(moved).max() * PIXEL <= 0.5


def test_a_wall_moves_away_from_the_airway_and_leaves_the_opposite_one(drawn: Walls, fields: FrameFields) -> None:
    first = first_point("tongue")
    moved = np.sum([fields.displacement(first + point, SIZE) for point in range(64)], axis=0)
    tongue, palate = (drawn.contours[CONTOURS.index(name)] for name in ("tongue", "palate_and_velum"))
    place = tongue[40]
    nearest = drawn.midline[np.argmin(((drawn.midline - place) ** 2).sum(axis=1))]
    away = (place - nearest) / np.hypot(*(place - nearest))
    assert at(moved, place) @ away == pytest.approx(1.0, abs=0.15)
    opposite = palate[np.argmin(((palate - nearest) ** 2).sum(axis=1))]
    assert np.abs(at(moved, opposite)).max() < 0.05


def test_a_face_to_the_right_is_the_mirror_image(drawn: Walls, fields: FrameFields) -> None:
    def turned(points: Float64) -> Float64:
        return points * [-1.0, 1.0] + [GRID.width, 0.0]

    mirrored = frame_fields(turned(drawn.midline), drawn.distance, turned(drawn.contours), GRID)
    for number in (12, first_point("tongue") + 20, first_point("palate_and_velum") + 20):
        one, other = fields.displacement(number, SIZE), mirrored.displacement(number, SIZE)[:, ::-1]
        np.testing.assert_allclose(one, other * [-1.0, 1.0], atol=1e-9)


def test_what_a_frame_lacks_moves_nothing(drawn: Walls, fields: FrameFields) -> None:
    assert fields.known[:40].all() and not fields.known[first_point("epiglottis") :].any()
    without = frame_fields(np.full((41, 2), np.nan), drawn.distance, drawn.contours, GRID)
    assert not without.known[:40].any() and without.known[40:].any()
    nothing = frame_fields(np.full((41, 2), np.nan), drawn.distance, np.full((6, 64, 2), np.nan), GRID)
    assert not nothing.known.any() and len(nothing.pixels) == 0


def test_sums_along_a_field_are_those_of_its_displacements(fields: FrameFields) -> None:
    rng = np.random.default_rng(0)
    by_x, by_y = rng.standard_normal((2, 3, SIZE * SIZE))
    found = fields.along(by_x, by_y)
    moved = fields.displacement(15, SIZE).reshape(-1, 2)
    np.testing.assert_allclose(found[:, 15], by_x @ moved[:, 0] + by_y @ moved[:, 1])


def test_pixels_need_not_be_square_in_millimeters(drawn: Walls) -> None:
    wide = PixelGrid(SIZE, GRID.width, 2.0 * GRID.height)
    found = frame_fields(drawn.midline, drawn.distance, drawn.contours, wide)
    assert wide.steps == pytest.approx((PIXEL, 2.0 * PIXEL))
    assert found.known[:40].all()
