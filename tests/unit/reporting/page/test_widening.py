"""Hz per mm of walls packed for the page."""

from __future__ import annotations

import zlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from made_widenings import PALATE_HZ, made_widening
from rtmri2speech.analysis.widening.figures import per_cm
from rtmri2speech.data.media.clips import Clip, open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import DatasetError
from rtmri2speech.reporting.page.build import rate_shown
from rtmri2speech.reporting.page.collect import ClipFiles
from rtmri2speech.reporting.page.widening import POINTS, UNKNOWN, widening_data
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.vocal_tract.contours import CONTOURS

SIZE, SHOWN = 64, 128


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path, [np.full((SIZE, SIZE), 90, np.uint8)] * 20, FeatureConfig().frame_rate)
    return open_gray_clip(scan_video(path), FeatureConfig().frame_rate, SHOWN)


def test_numbers_come_back(opened: Clip, tmp_path: Path) -> None:
    made = made_widening(20, opened.scan.path)
    chunks: list[bytes] = []

    def add(data: bytes) -> int:
        chunks.append(zlib.decompress(data))
        return len(chunks) - 1

    found, notes = widening_data(made.save(tmp_path)[0], opened, add)
    assert found is not None and notes == [] and [one["name"] for one in found["formants"]] == ["F1", "F2"]
    assert found["formants"][0]["hz"][:3] == [500.0, None, 500.0]
    places = np.frombuffer(chunks[found["places"]], "<i2").reshape(20, len(CONTOURS), POINTS, 2)
    np.testing.assert_allclose(places[3, 0, [0, -1]] / found["per_pixel"], 2.0 * made.contours[3, 0, [0, -1]], atol=0.1)
    assert (places[:, CONTOURS.index("epiglottis")] == UNKNOWN).all()
    owners = np.frombuffer(chunks[found["owners"]], np.int8).reshape(20, len(CONTOURS), POINTS)
    names = [found["articulators"][index] for index in owners[5, :, 0]]
    assert names == ["tongue_root", *CONTOURS[1:]] and found["articulators"][owners[5, 0, -1]] == "tongue_tip"
    model, tube = found["formants"][0]["answers"]
    points = np.frombuffer(chunks[model["data"]], "<i2").reshape(20, len(CONTOURS), POINTS) * model["step"]
    np.testing.assert_allclose(points[7, 0, 3:9], per_cm(made, 0)[7, 0, 6:18:2], rtol=1e-3)
    walls = np.frombuffer(chunks[tube["walls"]], "<i2").reshape(20, -1, 3) * tube["wall_step"]
    np.testing.assert_allclose(walls[4, 2], [8.0, 5.0, 13.0], rtol=1e-3)
    moved = np.frombuffer(chunks[model["walls"]], "<i2").reshape(20, -1, 3)
    index = found["articulators"].index("palate_and_velum")
    assert moved[-1, index, 0] * model["wall_step"] == pytest.approx(64 * PALATE_HZ, rel=1e-3)
    assert (moved[..., 1:] == UNKNOWN).all() and (moved[:, found["articulators"].index("epiglottis")] == UNKNOWN).all()


def test_a_file_without_the_tubes_walls_shows_the_model(opened: Clip, tmp_path: Path) -> None:
    made = replace(made_widening(20, opened.scan.path), bounding=None, tube_walls=None, tube_walls_range=None)
    found, _ = widening_data(made.save(tmp_path)[0], opened, lambda data: 0)
    assert found is not None and [one["kind"] for one in found["formants"][0]["answers"]] == ["model"]


def test_the_page_has_the_clock_of_its_model(opened: Clip, tmp_path: Path) -> None:
    made = replace(made_widening(20, opened.scan.path), frame_rate=Fraction(11992, 144))
    clip = ClipFiles("clip", opened.scan.path)
    assert rate_shown(clip) == FeatureConfig().frame_rate
    assert rate_shown(replace(clip, widening=made.save(tmp_path)[0])) == Fraction(11992, 144)


def test_one_of_another_video_is_left_out_and_a_damaged_one_refused(opened: Clip, tmp_path: Path) -> None:
    for made in (made_widening(19, opened.scan.path), made_widening(20, Path("other.mp4"))):
        found, (note,) = widening_data(made.save(tmp_path)[0], opened, lambda data: 0)
        assert found is None and "_widening.npz is of" in note and "left out" in note
    (tmp_path / "clip_widening.npz").write_bytes(b"no")
    with pytest.raises(DatasetError, match="no file of analyze widening"):
        widening_data(tmp_path / "clip_widening.npz", opened, lambda data: 0)
