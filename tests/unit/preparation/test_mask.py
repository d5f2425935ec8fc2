from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.errors import ConfigError
from rtmri2speech.preparation.mask import load_mask


def polygons(path: Path, *shapes: list[Any], width: float = 64, height: float = 64) -> Path:
    path.write_text(json.dumps({"width": width, "height": height, "polygons": shapes}), encoding="utf-8")
    return path


def test_the_inside_of_every_polygon_is_kept(tmp_path: Path) -> None:
    square, triangle = [[8, 4], [24, 4], [24, 20], [8, 20]], [[40, 40], [60, 40], [40, 60]]
    mask = load_mask(polygons(tmp_path / "m.json", square, triangle), 64)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 1}
    expected = np.zeros((64, 64), bool)
    expected[4:20, 8:24] = True
    # x to the right, y down; a pixel at the very edge may fall either way.
    assert (mask[:30, :30].astype(bool) ^ expected[:30, :30]).sum() <= 16 + 16
    assert mask[45, 45] and not mask[58, 58]
    assert int(mask[36:, 36:].sum()) == pytest.approx(200, rel=0.15)


def test_polygons_scale_with_the_picture_they_were_drawn_on(tmp_path: Path) -> None:
    box = [[10, 20], [50, 20], [50, 30], [10, 30]]
    small = load_mask(polygons(tmp_path / "a.json", box, width=100, height=50), 128)
    rows, columns = np.flatnonzero(small.any(axis=1)), np.flatnonzero(small.any(axis=0))
    assert abs(rows[0] - 20 * 128 / 50) <= 1 and abs(rows[-1] - 30 * 128 / 50) <= 1
    assert abs(columns[0] - 10 * 128 / 100) <= 1 and abs(columns[-1] - 50 * 128 / 100) <= 1


def test_the_bright_part_of_an_image_is_kept(tmp_path: Path) -> None:
    grey = np.zeros((128, 128), np.uint8)
    grey[32:64, :64], grey[100:, 100:] = 255, 100
    Image.fromarray(grey).save(tmp_path / "m.png")
    mask = load_mask(tmp_path / "m.png", 32)
    expected = np.zeros((32, 32), np.uint8)
    expected[8:16, :16] = 1
    assert np.array_equal(mask, expected)
    Image.fromarray(np.repeat(grey[:, :, None], 3, axis=2)).save(tmp_path / "colour.PNG")
    assert np.array_equal(load_mask(tmp_path / "colour.PNG", 32), expected)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"width": 64, "height": 64}',
        '{"width": 0, "height": 64, "polygons": [[[1, 1], [9, 1], [9, 9]]]}',
        '{"width": "w", "height": 64, "polygons": [[[1, 1], [9, 1], [9, 9]]]}',
        '{"width": 64, "height": 64, "polygons": [[[1, 1], [9, 1]]]}',
        '{"width": 64, "height": 64, "polygons": [[1, 1, 9]]}',
        '{"width": 64, "height": 64, "polygons": [[[1, 1], [9, 1], [9]]]}',
        '{"width": 64, "height": 64, "polygons": [[[1, 1], [NaN, 1], [9, 9]]]}',
        '{"width": 64, "height": 64, "polygons": [[[1, 1], [Infinity, 1], [9, 9]]]}',
        '{"width": 64, "height": 64, "polygons": 3}',
    ],
)
def test_polygons_that_make_no_sense_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="polygons not understood") as caught:
        load_mask(path, 64)
    assert '"polygons"' in caught.value.remedy


def test_a_mask_that_hides_everything_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    for path in (tmp_path / "black.png", polygons(tmp_path / "none.json")):
        with pytest.raises(ConfigError, match="hides every pixel"):
            load_mask(path, 64)


def test_a_missing_file_and_one_that_is_no_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such mask"):
        load_mask(tmp_path / "no.png", 64)
    (tmp_path / "text.png").write_text("no image", encoding="utf-8")
    with pytest.raises(ConfigError, match="not an image"):
        load_mask(tmp_path / "text.png", 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGBA over white"])
def test_what_is_transparent_is_hidden(tmp_path: Path, mode: str) -> None:
    ink = np.zeros((64, 64), np.uint8)
    ink[16:32, 8:40] = 255
    white = np.full((64, 64), 255, np.uint8)
    if mode == "P":
        image = Image.fromarray((ink > 0).astype(np.uint8), "P")
        image.putpalette([255, 255, 255, 255, 255, 255])
        image.save(tmp_path / "m.png", transparency=0)
    elif mode == "LA":
        Image.fromarray(np.stack([white, ink], axis=2), "LA").save(tmp_path / "m.png")
    else:
        Image.fromarray(np.stack([white, white, white, ink], axis=2), "RGBA").save(tmp_path / "m.png")
    assert np.array_equal(load_mask(tmp_path / "m.png", 64), ink // 255)


def test_a_palette_is_looked_up_and_deep_gray_is_scaled(tmp_path: Path) -> None:
    ink = np.zeros((64, 64), np.uint8)
    ink[16:32, 8:40] = 1
    image = Image.fromarray(1 - ink, "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / "m.png")
    assert np.array_equal(load_mask(tmp_path / "m.png", 64), ink)
    Image.fromarray(ink.astype(np.uint16) * 40000 + 200).save(tmp_path / "deep.png")
    assert np.array_equal(load_mask(tmp_path / "deep.png", 64), ink)


def test_an_image_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    ink = np.zeros((64, 64), np.uint8)
    ink[:16, 8:40] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn clockwise by 90 degrees to show
    Image.fromarray(ink).save(tmp_path / "m.png", exif=exif)
    assert np.array_equal(load_mask(tmp_path / "m.png", 64), np.rot90(ink, -1) // 255)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_polygons_of_a_windows_editor_are_read(tmp_path: Path, encoding: str) -> None:
    path = polygons(tmp_path / "m.json", [[8, 4], [24, 4], [24, 20], [8, 20]])
    plain = load_mask(path, 64)
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    assert np.array_equal(load_mask(path, 64), plain)
