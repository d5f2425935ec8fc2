"""Folders of maps as version 0.1.0 wrote them, pixels without cells: everything still reads them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.map_folder.read import read_maps
from rtmri2speech.analysis.map_folder.sequence import read_sequence
from rtmri2speech.analysis.regions.region_sums import sum_regions, write_region_sums
from rtmri2speech.cli.main import main
from rtmri2speech.errors import DatasetError
from rtmri2speech.reporting.page.build import write_page
from rtmri2speech.reporting.page.collect import collect
from rtmri2speech.reporting.page.images import cells_of

GOLDEN = Path(__file__).parents[3] / "golden" / "old_maps"
FRAMES, SIZE = 16, 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN, tmp_path / "maps"))


def test_maps_are_read(folder: Path) -> None:
    maps = read_maps(folder)
    assert [one.stem for one in maps] == ["gradcam_F1", "gradcam_F2", "hirescam_F1", "hirescam_F2"]
    assert maps.name == "clip.mp4" and maps.n_frames == FRAMES and maps.segments[0].name == "a"
    one = maps["hirescam", "F2"]
    pixels = np.load(GOLDEN / "hirescam_F2_sequence.npy")
    np.testing.assert_array_equal(one.to_pixels(), pixels)
    np.testing.assert_allclose(one.mean(), np.load(GOLDEN / "hirescam_F2_average.npy"), rtol=1e-5, atol=1e-9)
    assert one.scale == pytest.approx(float(np.abs(pixels).max())) and one.unit == "Hz"
    assert one.cells.shape == (FRAMES, 4, 4), "the stride is 8"
    np.testing.assert_allclose(one.cells.sum(axis=(1, 2)), pixels.sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)
    about = json.loads((GOLDEN / "hirescam_metadata.json").read_text(encoding="utf-8"))
    assert "kind" not in about
    assert one.values.mean() == pytest.approx(about["bands"][1]["target_mean"], rel=1e-5)
    assert maps._repr_html_().count("<img") == 4


def test_the_table_of_another_run_gives_no_values(folder: Path) -> None:
    table = folder / "targets.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(rows[:-1]), encoding="utf-8")
    assert np.isnan(read_maps(folder)["gradcam", "F1"].values).all()
    table.unlink()
    assert np.isnan(read_maps(folder)["gradcam", "F1"].values).all()


def test_sums_over_regions_are_the_same(folder: Path) -> None:
    for method in ("gradcam", "hirescam"):
        names = [f"{method}_regions.csv", f"{method}_regions_time.csv"]
        write_region_sums(folder, sum_regions(read_maps(folder).of_method(method)))
        for name in names:
            before, after = (list(csv.reader((one / name).read_text().splitlines())) for one in (GOLDEN, folder))
            assert before[0] == after[0] and [row[:3] for row in before] == [row[:3] for row in after]
            found = [[float(value) for row in table[1:] for value in row[-2:]] for table in (before, after)]
            np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-9)


def test_slow_motion_of_a_segment(folder: Path, tmp_path: Path) -> None:
    part = folder / "gradcam_F1_aSegment_sequence.npy"
    assert read_sequence(part).frames.tolist() == [3, 4, 5, 6, 7]
    words = ["--video", folder / "clip.mp4", "--out", tmp_path / "slow.mp4", "--resize", 64, 64]
    assert main([str(word) for word in ("render", "heatmap", part, *words)]) == 0 and (tmp_path / "slow.mp4").is_file()


def test_a_page_shows_them(folder: Path, tmp_path: Path) -> None:
    write_page(collect(folder), tmp_path / "page.html", "old")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "hirescam" in page and "F2" in page
    (tmp_path / "more").mkdir()
    assert cells_of(read_maps(folder)["gradcam", "F1"]).count == 1


def test_they_become_cells(folder: Path, tmp_path: Path) -> None:
    before = {one.stem: one.cells for one in read_maps(folder)}
    sums = [row["signed_sum"] for row in read_maps(folder).regions() if row["region"] == "elsewhere"]
    read_maps(folder).save(folder, pixels=False)
    assert not list(folder.glob("*.npy")) and sum(path.stat().st_size for path in folder.iterdir()) < 60_000
    after = read_maps(folder)
    for one in after:
        np.testing.assert_array_equal(one.cells, before[one.stem])
    assert len(sums) == 8 and after.segments[0].name == "a"
    values = read_sequence(folder / "hirescam_F1_aSegment_sequence.npy").values
    np.testing.assert_array_equal(values[1], after["hirescam", "F1"].to_pixels([4])[0])


def test_maps_of_different_videos_are_not_one(folder: Path) -> None:
    path = folder / "gradcam_metadata.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"clip.mp4"', '"other.mp4"'), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"gradcam is of other\.mp4, hirescam of clip\.mp4"):
        read_maps(folder)
    np.save(folder / "gradcam_F1_sequence.npy", np.zeros((3, SIZE, SIZE), np.float32))
    with pytest.raises(DatasetError, match=r"gradcam_metadata\.json: does not fit"):
        read_maps(folder)
