"""Outlines of regions that can and cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.analysis.regions.polygons import read_polygons, template_masks
from rtmri2speech.data.labels import GROUPS, Label
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError

SQUARE = [[10, 10], [50, 10], [50, 50], [10, 50]]


def write(path: Path, **regions: Any) -> Path:
    path.write_text(json.dumps({"size": [100, 100], "regions": regions}), encoding="utf-8")
    return path


def test_polygons_are_scaled_and_filled_where_pixel_centres_lie_inside(tmp_path: Path) -> None:
    masks = read_polygons(write(tmp_path / "r.json", box=SQUARE), 200)
    expected = np.zeros((200, 200), bool)
    expected[20:100, 20:100] = True
    np.testing.assert_array_equal(masks["box"], expected)


@pytest.mark.parametrize(
    ("corners", "word"),
    [
        ([[10, 10], [50, 50], [50, 10], [10, 50]], "crosses itself: its sides 1 and 3"),
        ([[10, 10], [50, 10], [120, 50]], r"corner at \(120, 50\), outside the image of 100 x 100"),
        ([[10, 10], [50, 10]], "three corners"),
        ([[10, 10], [50, "x"], [3, 4]], "three corners"),
        ([[10, 10], [50, 10], [30, 10]], "crosses itself"),
        ([[10, 10], [10.1, 10], [10.1, 10.1]], "covers no pixel"),
    ],
)
def test_outlines_that_cannot_be(tmp_path: Path, corners: Any, word: str) -> None:
    path = write(tmp_path / "r.json", tongue=corners)
    with pytest.raises(ConfigError, match=word) as caught:
        read_polygons(path, 64)
    assert str(path) in caught.value.problem and "tongue" in caught.value.problem


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../x/lips",
        "a\\b",
        "C:lips",
        "what?",
        "lips\n",
        "NUL",
        "com1.lips",
        "lips.",
        ".lips",
        " lips",
        "elsewhere",
        "lips\ud800",
    ],
)
def test_names_that_no_file_could_have_or_that_mean_something_else(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "r.json", tongue=SQUARE, **{name: SQUARE})
    with pytest.raises(ConfigError) as caught:
        read_polygons(path, 64)
    assert str(path) in caught.value.problem and repr(name) in caught.value.problem and caught.value.remedy
    assert len(caught.value.problem.splitlines()) == 1


def test_names_of_any_script_and_no_two_that_a_file_system_takes_for_one(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", **{"舌": SQUARE, "lower lip": SQUARE, "velum-2": SQUARE, "console": SQUARE})
    assert list(read_polygons(path, 64)) == ["舌", "lower lip", "velum-2", "console"]
    with pytest.raises(ConfigError, match="capital letters"):
        read_polygons(write(path, Lips=SQUARE, lips=SQUARE), 64)


@pytest.mark.parametrize("text", ["", "[]", '{"size": [10, 10]}', '{"size": [0, 10], "regions": {"a": []}}'])
def test_files_that_are_no_regions(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"r\.json"):
        read_polygons(tmp_path / "r.json", 64)
    with pytest.raises(ConfigError, match="no such file"):
        read_polygons(tmp_path / "other.json", 64)


def test_the_template_lies_on_the_phantoms_articulators(tiny_phantom: Path) -> None:
    (path, *_) = sorted(tiny_phantom.glob("*/*_0000.npz"))
    truth = Truth.load(path)
    masks = template_masks(256)
    for name in ("lips", "tongue_tip", "tongue_body", "tongue_root", "velum", "larynx"):
        there = np.isin(truth.regions, GROUPS.get(name) or Label[name.upper()])
        assert (there & masks[name]).sum() > 0.55 * there.sum(), name


def test_an_outline_of_very_many_corners_is_refused_at_once(tmp_path: Path) -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 20_000, endpoint=False)
    circle = (50.0 + 40.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).tolist()
    with pytest.raises(ConfigError, match="region 'tongue' has 20000 corners"):
        read_polygons(write(tmp_path / "r.json", tongue=circle), 64)
    assert read_polygons(write(tmp_path / "r.json", tongue=circle[::16]), 64)["tongue"].any()
    with pytest.raises(ConfigError, match="all regions together have 25000"):
        read_polygons(write(tmp_path / "r.json", **{f"r{n}": circle[::16] for n in range(20)}), 64)


def test_json_nested_without_end_is_no_regions(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"size": [10, 10], "regions": ' + "[" * 100_000, encoding="utf-8")
    with pytest.raises(ConfigError, match="polygons not understood"):
        read_polygons(tmp_path / "r.json", 64)
