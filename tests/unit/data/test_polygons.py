"""Polygons: both forms of the file, filling, and outlines that cross themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.data.polygons import fill_polygon, first_crossing, read_polygons
from rtmri2speech.errors import ConfigError

BOX, TRIANGLE = [[10, 10], [50, 10], [50, 50], [10, 50]], [[0, 0], [20, 0], [0, 20]]


def test_both_forms_of_the_file_say_the_same(tmp_path: Path) -> None:
    named, plain = tmp_path / "named.json", tmp_path / "plain.json"
    named.write_text(json.dumps({"size": [100, 50], "regions": {"box": BOX, "tip": TRIANGLE}}), encoding="utf-8")
    plain.write_text(json.dumps({"width": 100, "height": 50, "polygons": [BOX, TRIANGLE]}), encoding="utf-8")
    one, other = read_polygons(named), read_polygons(plain)
    assert list(one.corners) == ["box", "tip"] and list(other.corners) == ["polygon1", "polygon2"]
    assert (one.width, one.height) == (other.width, other.height) == (100, 50)
    np.testing.assert_array_equal(one.fill("box", 200), other.fill("polygon1", 200))
    shown = one.fill("box", 200)
    assert shown[40:, 20:100].all() and shown.sum() == 160 * 80


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"size": [1, 1]}', '{"width": 0, "height": 1, "polygons": []}'])
def test_other_files_are_refused_with_both_forms_in_the_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="polygons not understood") as caught:
        read_polygons(path)
    assert '"regions"' in caught.value.remedy and '"polygons"' in caught.value.remedy
    with pytest.raises(ConfigError, match="no such file"):
        read_polygons(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("corners", "sides"),
    [
        (BOX, None),
        ([[0, 0], [4, 4], [4, 0], [0, 4]], (0, 2)),
        ([[0, 0], [8, 0], [8, 8], [4, 0], [0, 8]], (0, 2)),  # a corner that touches another side
        ([[0, 0], [8, 0], [4, 0]], (0, 1)),  # a side that runs back
    ],
)
def test_sides_that_meet_are_named(corners: list[list[float]], sides: tuple[int, int] | None) -> None:
    assert first_crossing(np.array(corners, float)) == sides


@given(st.integers(3, 12), st.integers(0, 1000))
def test_stars_seen_from_inside_never_cross_and_area_is_right(corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * (np.arange(corners) + rng.uniform(0, 0.5, corners)) / corners
    radius = rng.uniform(20, 60, corners)
    points = 64 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    assert first_crossing(points) is None
    x, y = points.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    # A pixel's centre decides for all of it: half a pixel too much or too little along the outline, at most.
    outline = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).sum()
    assert abs(fill_polygon(points, 128).sum() - area) < outline / 2
