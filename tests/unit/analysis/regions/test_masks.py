"""Regions: outlines that can and cannot be, truth, contours, and sums that add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from rtmri2speech.analysis.regions.masks import Regions, Source, read_regions
from rtmri2speech.analysis.regions.polygons import fill_polygon, first_crossing, read_polygons, template_masks
from rtmri2speech.analysis.regions.region_sums import sum_over_regions
from rtmri2speech.data.truth import Region, Truth
from rtmri2speech.errors import ConfigError, DatasetError

SQUARE = [[10, 10], [50, 10], [50, 50], [10, 50]]


def source(frames: int = 4, width: int = 68, size: int = 64) -> Source:
    return Source(list(range(frames)), width, width, size)


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
        ([[10, 10], [50, 10], [120, 50]], r"corner at \(120, 50\), outside the picture of 100 x 100"),
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


def test_the_template_lies_on_the_phantoms_articulators(tiny_phantom: Path) -> None:
    (path, *_) = sorted(tiny_phantom.glob("*/*_0000.npz"))
    truth = Truth.load(path)
    masks = template_masks(256)
    for name in ("lips", "tongue_tip", "tongue_body", "tongue_root", "velum", "larynx"):
        there = truth.regions == Region[name.upper()]
        assert (there & masks[name]).sum() > 0.55 * there.sum(), name


def test_the_phantoms_truth(tiny_phantom: Path) -> None:
    (path, *_) = sorted(tiny_phantom.glob("*/*_0000.npz"))
    truth = Truth.load(path)
    clip = Source(list(range(len(truth.regions))), 256, 256, 256)
    regions = read_regions(str(path), clip)
    shown = dict(zip(regions.names, regions.at(5), strict=True))
    np.testing.assert_array_equal(shown["lips"], truth.regions[5] == Region.LIPS)
    np.testing.assert_array_equal(shown["tongue"], shown["tongue_tip"] | shown["tongue_body"] | shown["tongue_root"])
    with pytest.raises(ConfigError, match="frames of truth for 3 frames"):
        read_regions(str(path), Source([0, 1, 2], 256, 256, 256))
    with pytest.raises(ConfigError, match="pixels"):
        read_regions(str(path), Source(clip.frames, 64, 64, 64))


def contours(path: Path, frames: int) -> Path:
    """A square tongue, traced from the floor of the mouth over tip, back and root; lips and others about it."""
    chin = [[20.0, 60.0], [20.0, 45.0]]
    tongue = [[25.0, 45.0], [25.0, 35.0], [35.0, 30.0], [45.0, 35.0], [45.0, 55.0]]
    row = {
        "contour1": np.zeros((3, 2)),
        "contour2": np.array(chin + tongue),
        "contour3": np.zeros((3, 2)),
        "UL": np.array([[15.0, 30.0]]),
        "LL": np.array([[15.0, 36.0]]),
        "AVR": np.array([[25.5, 45.5]]),
        "VEL": np.array([[46.0, 28.0]]),
        "GLTB": np.array([[48.0, 58.0]]),
    }
    savemat(path, {"annotation": np.array([tuple(row.values())] * frames, dtype=[(name, "O") for name in row])})
    return path


def test_traced_contours(tmp_path: Path) -> None:
    regions = read_regions(str(contours(tmp_path / "c.mat", 4)), source(4, 68, 68))
    shown = dict(zip(regions.names, regions.at(2), strict=True))
    assert shown["tongue"][40, 35] and not shown["tongue"][58, 20] and not shown["tongue"][20, 35]
    parts = [shown[f"tongue_{name}"] for name in ("tip", "body", "root")]
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), shown["tongue"].astype(int))
    columns = [np.nonzero(part)[1].mean() for part in parts]
    assert columns[0] < columns[1] < columns[2]
    assert shown["lips"][33, 15] and shown["velum"][27, 45] and shown["larynx"][57, 47]


def test_contours_that_do_not_fit(tmp_path: Path) -> None:
    path = contours(tmp_path / "c.mat", 4)
    with pytest.raises(ConfigError, match="4 frames for a video of 9"):
        read_regions(str(path), source(9))
    savemat(tmp_path / "other.mat", {"x": np.zeros(3)})
    (tmp_path / "text.mat").write_text("no", encoding="utf-8")
    for name in ("other.mat", "text.mat"):
        with pytest.raises(ConfigError, match="not contours"):
            read_regions(str(tmp_path / name), source())
    with pytest.raises(ConfigError, match="no such file"):
        read_regions(str(tmp_path / "gone.mat"), source())
    with pytest.raises(ConfigError, match="neither"):
        read_regions("tongue.png", source())
    with pytest.raises(DatasetError):
        read_regions(str(tmp_path / "gone.npz"), source())


def test_some_regions_by_name() -> None:
    regions = read_regions("template", source())
    assert regions.only(["velum", "lips"]).names == ("velum", "lips")
    np.testing.assert_array_equal(regions.only(["velum"]).at(0)[0], template_masks(64)["velum"])
    with pytest.raises(ConfigError, match="'nose'") as caught:
        regions.only(["nose"])
    assert "lips, tongue" in caught.value.remedy


@given(seed=st.integers(0, 1000), regions=st.integers(1, 5))
def test_sums_of_disjoint_regions_add_up(seed: int, regions: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, regions + 1, (8, 8))
    masks = np.stack([labels == number for number in range(1, regions + 1)])
    maps = rng.normal(size=(3, 8, 8)).astype(np.float32)
    names = tuple(str(number) for number in range(regions))
    sums = sum_over_regions(maps, Regions(names, lambda frame: masks))
    np.testing.assert_allclose(sums.signed.sum(axis=1), maps.sum(axis=(1, 2)), atol=1e-5)
    assert sums.share().sum() == pytest.approx(1.0) and sums.area[0].sum() == pytest.approx(1.0)
    both = sum_over_regions(maps, Regions(("all",), lambda frame: masks.any(axis=0)[None]))
    np.testing.assert_allclose(both.signed[:, 0], sums.signed[:, :-1].sum(axis=1), atol=1e-6)
    twice = sum_over_regions(2 * maps, Regions(names, lambda frame: masks))
    np.testing.assert_allclose(twice.share(), sums.share(), atol=1e-9)
