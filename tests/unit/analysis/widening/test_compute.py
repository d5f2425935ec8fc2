"""From a model and a video to Hz per millimeter, to files and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_walls import SIZE, tract_of, walls
from rtmri2speech.analysis.widening.compute import widening
from rtmri2speech.analysis.widening.files import read_widening
from rtmri2speech.analysis.widening.result import ARTICULATORS, Widening, middle_third
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.inference.model import Model
from rtmri2speech.phonetics.labeled_segments import Segment, Token
from rtmri2speech.vocal_tract.measurement.tract import Tract


@pytest.fixture(scope="module")
def tract(clip: Clip) -> Tract:
    """A tract for every frame of the talker, wherever its own may be."""
    assert clip.scan.width == SIZE
    return tract_of([walls(9.0 + 0.02 * number) for number in range(clip.scan.n_frames)])


@pytest.fixture(scope="module")
def found(model: Model, clip: Clip, tract: Tract) -> Widening:
    return widening(model, clip, regions=tract, held=True)


def test_everything_has_its_shape_and_unit(found: Widening, clip: Clip) -> None:
    count = clip.n_frames
    assert len(found) == count and found.names == ("F1", "F2", "F3", "F4")
    assert found.own is not None and found.held is not None and found.tract_model is None
    for values in (found.model, found.own, found.held, found.tube):
        assert values.shape == (count, 4, 40)
    assert found.points.shape == (count, 4, 6, 64)
    there = np.isfinite(found.targets)
    assert there.any()
    assert np.isfinite(found.model[there]).all() and np.isnan(found.model[~there]).all()


def test_what_is_missing_is_counted(found: Widening) -> None:
    missing = ~np.isfinite(found.formants[:, 3])
    if missing.any():
        assert any(f"F4 was not found in {missing.sum()} of" in note for note in found.notes)


def test_a_wall_is_the_sum_of_its_points_and_the_tongue_of_its_parts(found: Widening) -> None:
    moved = found.walls()
    assert tuple(moved) == ARTICULATORS
    parts = moved["tongue_root"] + moved["tongue_body"] + moved["tongue_tip"]
    np.testing.assert_allclose(parts, moved["tongue"])
    assert np.isnan(moved["epiglottis"]).all()


def test_it_comes_back_from_its_file(found: Widening, tmp_path: Path) -> None:
    token = Token(0.2, 0.5, 6, 13)
    files = found.with_segments([Segment("a", (token,))]).save(tmp_path)
    assert [path.name.removeprefix(found.name) for path in files] == [
        "_widening.npz",
        "_widening.csv",
        "_widening_walls.csv",
        "_widening_segments.csv",
    ]
    again = read_widening(files[0])
    np.testing.assert_allclose(again.model, found.model, rtol=1e-6)
    np.testing.assert_allclose(again.held, found.held, rtol=1e-6)  # type: ignore[arg-type]
    assert (again.names, again.frame_rate, again.pixel_mm) == (found.names, found.frame_rate, found.pixel_mm)
    rows = files[1].read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len(found) * 4 * 40
    assert rows[0].startswith("frame,time_s,formant,formant_hz,section,model,own_frame,held,tract_model,tube")
    means = files[3].read_text(encoding="utf-8").splitlines()
    wanted = np.nanmean(found.model[8:11, 0, 0]) if np.isfinite(found.model[8:11, 0, 0]).any() else np.nan
    assert means[1].split(",")[:4] == ["a", "1", "F1", "0"]
    assert float(means[1].split(",")[4] or "nan") == pytest.approx(wanted, rel=1e-4, nan_ok=True)


def test_the_middle_third_holds_a_frame_at_least() -> None:
    assert middle_third(6, 13) == slice(8, 11)
    assert middle_third(4, 5) == slice(4, 5)


def test_figures_show_a_frame_and_refuse_one_that_is_not_there(found: Widening) -> None:
    assert found.show(3, "F2").axes
    assert found.show(3, 1).axes
    assert replace(found, clip=None).show(3).axes
    with pytest.raises(ConfigError, match="counted from 0"):
        found.show(len(found))
    with pytest.raises(ConfigError, match="`formant=F7`"):
        found.show(0, "F7")


def test_a_tract_of_another_video_or_without_millimeters_is_refused(model: Model, clip: Clip, tract: Tract) -> None:
    with pytest.raises(ConfigError, match="a tract of 1 frames for a video of"):
        widening(model, clip, regions=tract_of([walls(9.0)]))
    with pytest.raises(ConfigError, match="a tract of another video than"):
        widening(model, clip, regions=replace(tract, video_sha256="0" * 64))
    with pytest.raises(ConfigError, match=r"`pixel_mm=1.5`: the tract was measured with pixels of 2.4 mm"):
        widening(model, clip, regions=tract, pixel_mm=1.5)
    with pytest.raises(ConfigError, match="size of a pixel is not known"):
        widening(model, clip, regions=replace(tract, pixel_mm=float("nan")))
    with pytest.raises(ConfigError, match="no tract from larynx to lips"):
        widening(model, clip, regions=replace(tract, length=np.full_like(tract.length, np.nan)))
    with pytest.raises(ConfigError, match="`field_mm=0`"):
        widening(model, clip, regions=tract, field_mm=0.0)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", kind="tract")
    with pytest.raises(DatasetError, match="no file of analyze widening"):
        read_widening(tmp_path / "x.npz")
