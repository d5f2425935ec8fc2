"""Sheets of frames, maps as cells, outlines, colours."""

from __future__ import annotations

import io
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.pixels import enlargement
from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.polygons import fill_polygon
from rtmri2speech.reporting.page.images import (
    cells_of,
    color_tables,
    encode_webp,
    frame_sheets,
    outline,
    outlines_of,
)
from talker import speak, write_recording

SIZE = 64


def test_sheets_hold_the_frames_in_order(tmp_path: Path) -> None:
    video = write_recording(speak(0.8, 2, size=SIZE), tmp_path, "clip")
    clip = open_gray_clip(scan_video(video), Fraction(25), SIZE)
    frames = np.concatenate(list(clip.blocks()))
    sheets = [np.array(Image.open(io.BytesIO(one)).convert("L")) for one in frame_sheets(clip)]
    assert len(frames) == 20 and [sheet.shape for sheet in sheets] == [(256, 256)] * 2
    for number in (0, 1, 5, 15, 16, 19):
        row, column = divmod(number % 16, 4)
        shown = sheets[number // 16][row * SIZE : (row + 1) * SIZE, column * SIZE : (column + 1) * SIZE].astype(float)
        apart = [np.abs(shown - frame).mean() for frame in frames]
        assert np.argmin(apart) == number and apart[number] < 6.0


def test_greys_are_kept(tmp_path: Path) -> None:
    """WebP stores 219 levels of brightness, which is not to shift them."""
    for grey in (0, 3, 128, 252, 255):
        back = np.array(Image.open(io.BytesIO(encode_webp(np.full((16, 16), grey, np.uint8), 72))).convert("L"))
        assert np.abs(back.astype(int) - grey).max() <= 2


@pytest.mark.parametrize("count", [4, 8])
def test_cells_give_back_the_pixels(count: int) -> None:
    """As the page makes them: bilinearly, from levels of 16 bits."""
    made = np.random.default_rng(0).standard_normal((3, count, count)).astype(np.float32)
    maps = band_maps(made, in_pixels=False)
    found = cells_of(maps)
    levels = np.frombuffer(zlib.decompress(found.data), "<i2").reshape(3, found.count, found.count)
    grow = enlargement(found.count, SIZE)
    assert found.count == count
    np.testing.assert_allclose(grow @ (levels * found.step) @ grow.T, maps.to_pixels(), atol=found.step)


def test_maps_without_cells_are_summed_over_blocks_of_the_stride() -> None:
    pixels = np.random.default_rng(0).standard_normal((2, SIZE, SIZE)).astype(np.float32)
    found = cells_of(band_maps(pixels, in_pixels=True))
    levels = np.frombuffer(zlib.decompress(found.data), "<i2").reshape(2, found.count, found.count)
    blocks = pixels.reshape(2, 4, 16, 4, 16).mean(axis=(2, 4))
    np.testing.assert_allclose(levels * found.step, blocks, atol=found.step)
    nothing = cells_of(band_maps(np.zeros((2, SIZE, SIZE), np.float32), in_pixels=True))
    assert not np.frombuffer(zlib.decompress(nothing.data), "<i2").any()


def band_maps(stored: NDArray[np.float32], in_pixels: bool) -> BandMaps:
    values, scale = np.zeros(len(stored), np.float32), float(np.abs(stored).max())
    band = Band("F1", 300.0, 900.0, (7, 20))
    return BandMaps("hirescam", band, "centroid", 16, SIZE, values, scale, stored, in_pixels)


def test_an_outline_runs_around_its_mask() -> None:
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    disc = np.hypot(x - 30, y - 40) < 15
    (line,) = outline(disc)
    assert 8 <= len(line) < 40
    np.testing.assert_allclose(np.hypot(*(line - (30, 40)).T), 15, atol=0.8)
    again = fill_polygon(line, SIZE)
    assert (again != disc).sum() < 0.05 * disc.sum()
    ring = disc & (np.hypot(x - 30, y - 40) > 8)
    assert len(outline(ring)) == 2 and outline(np.zeros((SIZE, SIZE), bool)) == []
    at_the_edge = np.zeros((SIZE, SIZE), bool)
    at_the_edge[:, :10] = True
    (line,) = outline(at_the_edge)
    assert line[:, 0].min() == 0.0 and line[:, 0].max() == 10.0 and line[:, 1].max() == SIZE


def test_outlines_are_written_frame_by_frame() -> None:
    masks = np.zeros((2, 2, SIZE, SIZE), bool)
    masks[0, 0, 10:20, 10:30] = True
    masks[1, 1, 40:44, 40:44] = True
    numbers = list(np.frombuffer(zlib.decompress(outlines_of(Regions(("a", "b"), masks.__getitem__, True), 2)), "<u2"))
    read = []
    while numbers:
        lines = []
        for _ in range(numbers.pop(0)):
            points = [numbers.pop(0) for _ in range(2 * numbers.pop(0))]
            lines.append(np.reshape(points, (-1, 2)) / 2)
        read.append(lines)
    assert [len(lines) for lines in read] == [1, 0, 0, 1]
    assert read[0][0].min(axis=0).tolist() == [10, 10] and read[0][0].max(axis=0).tolist() == [30, 20]
    still = Regions(("a", "b"), lambda frame: masks[0], False)
    assert len(zlib.decompress(outlines_of(still, 50))) < 60


def test_colours_are_those_of_the_pictures() -> None:
    tables = np.frombuffer(color_tables(), np.uint8).reshape(4, 256, 4).astype(int)
    signed, positive, red, blue = tables
    assert signed[0, 2] > signed[0, 0] and signed[-1, 0] > signed[-1, 2], "blue is negative, orange positive"
    assert signed[127, 3] < 10 and positive[0, 3] == 0 == red[0, 3], "zero is transparent"
    assert signed[0, 3] == signed[-1, 3] == positive[-1, 3] == 255
    assert red[-1, 0] > red[-1, 2] and blue[-1, 2] > blue[-1, 0]
