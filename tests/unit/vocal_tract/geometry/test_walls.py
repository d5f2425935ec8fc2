"""Walls do not depend on which frames are looked at together, and what is read is what lies on the lines."""

from __future__ import annotations

from itertools import islice, product

import numpy as np
from scipy.ndimage import map_coordinates
from tests.drawn_tubes import bent_tube

from rtmri2speech.vocal_tract.geometry.grid import LineReader, TractGrid, channels, lay_grid
from rtmri2speech.vocal_tract.geometry.walls import _MOST, _TURN, _cheapest_way, find_walls


def grid() -> TractGrid:
    found = lay_grid(bent_tube(12.0))
    assert found is not None
    return found


def test_values_on_lines_are_those_of_the_whole_maps() -> None:
    maps, lines = bent_tube(12.0)[:, :120, :], grid()
    places = lines.origins[:, None] + lines.offsets[:, None] * lines.normals[:, None]
    reader = LineReader(lines, (120, maps.shape[2]))
    read = reader.read(maps)
    x, y = np.moveaxis(places - 0.5, -1, 0)
    inside = ~reader.outside
    assert 0.5 < inside.mean() < 1.0
    for one, wanted in zip(read, channels(maps), strict=True):
        np.testing.assert_allclose(
            one[inside], map_coordinates(wanted, [y, x], order=1, mode="nearest")[inside], atol=1e-4
        )
        assert (one[~inside] == 0.0).all()


def test_walls_of_a_frame_are_its_own() -> None:
    some = [bent_tube(12.0), bent_tube(9.0, closed=(100.0, 112.0)), bent_tube(10.0, shift=(1.0, 0.5))]
    alone = [find_walls([one], grid()) for one in some]
    together = find_walls((some[number % 3] for number in range(35)), grid())
    for name in ("inner", "outer", "center", "glottis", "lips"):
        wanted = np.concatenate([getattr(alone[number % 3], name) for number in range(35)])
        np.testing.assert_array_equal(getattr(together, name), wanted)


def test_no_frames_have_no_walls() -> None:
    assert find_walls(iter([]), grid()).inner.shape == (0, len(grid().origins), 3)


def test_the_cheapest_way_is_the_cheapest_of_all() -> None:
    cost = np.random.default_rng(0).random((4, 6, 3)).astype(np.float32) * 0.2
    found = _cheapest_way(cost)
    for frame in range(3):
        ways = [
            way
            for way in product(range(6), repeat=4)
            if all(abs(after - before) <= _MOST for before, after in zip(way, islice(way, 1, None), strict=False))
        ]
        prices = [
            sum(float(cost[line, point, frame]) for line, point in enumerate(way))
            + _TURN * float((np.diff(way) ** 2).sum())
            for way in ways
        ]
        assert tuple(found[frame]) == ways[int(np.argmin(prices))]
