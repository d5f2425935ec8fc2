"""Maps in memory: what a notebook has in its hands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.attribution.compute import gradcam
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.map_folder.read import read_maps
from rtmri2speech.analysis.regions.masks import read_regions
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.phonetics.labeled_segments import parse_segment
from rtmri2speech.signal.frames import FrameConfig

FRAMES = 68


@pytest.fixture(scope="module")
def model(make_bundle: Callable[..., Bundle]) -> Model:
    return Model(make_bundle("acoustic", frames=FrameConfig(size=64)))


@pytest.fixture(scope="module")
def maps(model: Model, talker: Path) -> Maps:
    return gradcam(model, talker)


class Counting:
    """A progress that adds up."""

    def __init__(self) -> None:
        self.expected = self.done = 0

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int = 1) -> None:
        self.done += count

    def describe(self, title: str) -> None:
        raise AssertionError(title)


def test_what_is_explained_by_default(maps: Maps, model: Model) -> None:
    assert [(one.method, one.band.name, one.target, one.stride) for one in maps] == [
        ("gradcam", "F1", "energy", 32),
        ("gradcam", "F2", "energy", 32),
        ("hirescam", "F1", "centroid", 16),
        ("hirescam", "F2", "centroid", 16),
    ]
    assert maps["hirescam", "F2"].cells.shape == (FRAMES, 4, 4) and maps["gradcam", "F1"].cells.shape == (FRAMES, 2, 2)
    assert maps.mel_db is not None and maps.mel_db.shape == (FRAMES, 64)
    assert maps.clip is not None and maps.mean_frame.shape == (64, 64)
    np.testing.assert_allclose(maps.mel_db, model.predict_mel(maps.clip), atol=1e-4)
    assert maps.about["provenance"] == {"seed": 0} and maps.about["card"] == "Eyes." and "model" not in maps.about
    with pytest.raises(KeyError, match="hirescam"):
        maps["hirescam", "F3"]


def test_pixels_keep_the_sum_and_the_scale_is_theirs(maps: Maps) -> None:
    for one in maps:
        pixels = one.to_pixels()
        assert pixels.shape == (FRAMES, 64, 64) and pixels.dtype == np.float32
        assert one.scale == pytest.approx(np.abs(pixels).max(), rel=1e-6)
        tolerance = 1e-4 * float(np.abs(one.cells).max())
        np.testing.assert_allclose(pixels.sum(axis=(1, 2)), one.cells.sum(axis=(1, 2)), atol=tolerance)
        np.testing.assert_allclose(one.mean(), pixels.mean(axis=0), atol=1e-5 * one.scale)
        np.testing.assert_array_equal(one.to_pixels([5, 3]), pixels[[5, 3]])


def test_a_clip_bands_and_targets_of_ones_own(model: Model, talker: Path, maps: Maps) -> None:
    progress, clip = Counting(), model.open(talker)
    own = gradcam(
        model, clip, bands={"low": (300, 900)}, target="centroid", methods=["hirescam"], stride=8, progress=progress
    )
    assert progress.expected == progress.done == 2 * FRAMES
    (one,) = own
    assert (one.band.name, one.band.low, one.stride, one.unit) == ("low", 300.0, 8, "Hz")
    same = gradcam(model, clip, bands=["F1:300-900"], methods="hirescam")["hirescam", "F1"]
    np.testing.assert_allclose(same.cells, maps["hirescam", "F1"].cells, rtol=1e-4, atol=1e-6 * one.scale)
    np.testing.assert_allclose(one.values, same.values, rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"stride": 7}, "`stride=7`"),
        ({"bands": ["F1:310-312"]}, "`bands=F1:310-312`"),
        ({"bands": ["F1"]}, "'F1'"),
        ({"methods": "lime"}, "`methods=lime`"),
        ({"target": "pitch"}, "`target=pitch`"),
        ({"fps": "fast"}, "`fps=fast`"),
    ],
)
def test_what_cannot_be_explained(model: Model, talker: Path, words: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        gradcam(model, talker, **words)  # type: ignore[arg-type]


def test_rows_are_a_table(maps: Maps) -> None:
    rows = maps.rows()
    assert len(rows) == 4 * FRAMES and rows[1]["time_s"] == round(1.5 / float(maps.frame_rate), 4)
    assert rows[0].keys() == {"frame", "time_s", "method", "band", "target", "value", "unit"}
    assert rows[FRAMES]["value"] == pytest.approx(float(maps["gradcam", "F2"].values[0]))


def test_sums_over_regions(maps: Maps) -> None:
    segment = parse_segment("a:0.8-1.2", FRAMES, maps.frame_rate, Path(maps.video))
    rows = maps.with_segments([segment]).regions(region=["lips", "velum"])
    assert len(rows) == 4 * 2 * 3 and {row["segment"] for row in rows} == {"all", "a"}
    whole = [row for row in rows if (row["method"], row["band"], row["segment"]) == ("hirescam", "F1", "all")]
    assert sum(float(row["share"] or 0) for row in whole) == pytest.approx(1.0)
    total = maps["hirescam", "F1"].cells.sum(axis=(1, 2)).mean()
    assert sum(float(row["signed_sum"] or 0) for row in whole) == pytest.approx(float(total), rel=1e-3)
    given = maps.regions(read_regions("template", maps.source).only(["lips", "velum"]))
    assert given == [row for row in rows if row["segment"] == "all"]


def test_figures(maps: Maps) -> None:
    for figure in (maps.show(), maps.show(5), maps.show(5, method="gradcam", band="F2", scale="frame")):
        assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(KeyError, match="there are"):
        maps.show(method="lime")
    with pytest.raises(ConfigError, match="`frame=68`"):
        maps.show(68)
    assert maps._repr_html_().count("<img") == 4 and "68 frames" in repr(maps) and "centroid" in repr(maps)


@pytest.mark.parametrize("pixels", [True, False])
def test_what_is_saved_is_read_again(maps: Maps, tmp_path: Path, pixels: bool) -> None:
    segment = parse_segment("a:0.8-1.2", FRAMES, maps.frame_rate, Path(maps.video))
    files = maps.with_segments([segment]).save(tmp_path, pixels=pixels)
    assert sorted(files) == sorted(tmp_path.iterdir())
    assert any(path.suffix == ".npy" for path in files) == pixels
    again = read_maps(tmp_path)
    assert (again.video, again.frame_rate, again.size) == (maps.video, maps.frame_rate, 64)
    assert again.segments == (segment,) and again.about == maps.about and again.source == maps.source
    np.testing.assert_allclose(again.mean_frame, maps.mean_frame, atol=1e-6 if pixels else 0.5)
    for one, other in zip(maps, again, strict=True):
        np.testing.assert_array_equal(one.cells, other.cells)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-5)
        assert (str(one.band), one.band.bins, one.unit) == (str(other.band), other.band.bins, other.unit)
        assert (one.target, one.stride, one.scale) == (other.target, other.stride, other.scale)
    assert again.show(3)._repr_png_() and again.regions() == maps.with_segments([segment]).regions()


def test_a_model_of_another_precision_is_explained_in_float32(make_bundle: Callable[..., Bundle], talker: Path) -> None:
    bundle = make_bundle("acoustic", frames=FrameConfig(size=64))
    rough, plain = (gradcam(Model(bundle, dtype=dtype), talker) for dtype in (torch.bfloat16, torch.float32))
    np.testing.assert_array_equal(rough["hirescam", "F1"].cells, plain["hirescam", "F1"].cells)
