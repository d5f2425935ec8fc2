"""Regions: from the phantom's truth, some of them by name, and sums that add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.analysis.regions.masks import Regions, Source, read_regions
from rtmri2speech.analysis.regions.polygons import template_masks
from rtmri2speech.analysis.regions.region_sums import sum_over_regions
from rtmri2speech.data.labels import GROUPS, Label, label_names
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError

OLD_TRUTH = Path(__file__).parents[3] / "golden" / "old_files" / "truth.npz"


def source(frames: int = 4, width: int = 68, size: int = 64) -> Source:
    return Source(list(range(frames)), width, width, size)


def test_the_phantoms_truth(tiny_phantom: Path) -> None:
    (path, *_) = sorted(tiny_phantom.glob("*/*_0000.npz"))
    truth = Truth.load(path)
    clip = Source(list(range(len(truth.regions))), 256, 256, 256)
    regions = read_regions(str(path), clip)
    shown = dict(zip(regions.names, regions.at(5), strict=True))
    np.testing.assert_array_equal(shown["lips"], np.isin(truth.regions[5], GROUPS["lips"]))
    np.testing.assert_array_equal(shown["lips"], shown["upper_lip"] | shown["lower_lip"])
    assert set(regions.names) == {label.name.lower() for label in Label if label} | {"lips", "tongue"}
    np.testing.assert_array_equal(shown["tongue"], shown["tongue_tip"] | shown["tongue_body"] | shown["tongue_root"])
    with pytest.raises(ConfigError, match="frames of truth for 3 frames"):
        read_regions(str(path), Source([0, 1, 2], 256, 256, 256))
    with pytest.raises(ConfigError, match="pixels"):
        read_regions(str(path), Source(clip.frames, 64, 64, 64))


def test_the_truth_of_an_earlier_version_answers_by_the_names_of_then() -> None:
    names = ("airway", "lips", "tongue_tip", "tongue_body", "tongue_root", "velum", "larynx", "jaw", "tongue")
    clip = Source(list(range(4)), 256, 256, 256)
    regions = read_regions(str(OLD_TRUTH), clip)
    shown = dict(zip(names, regions.only(names).at(0), strict=True))
    with np.load(OLD_TRUTH) as stored:
        np.testing.assert_array_equal(shown["lips"], stored["regions"][0] == 2)
        np.testing.assert_array_equal(shown["velum"], stored["regions"][0] == 6)
    # It has no palate: so none is offered.
    with pytest.raises(ConfigError, match="'hard_palate'"):
        regions.only(["hard_palate"])


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


def stored(folder: Path, labels: np.ndarray, confidence: list[float] | None = None) -> str:
    """A file as segment writes it."""
    path = folder / "clip_regions.npz"
    known = {"names": np.array(label_names()), "frame_rate": np.array([25, 1]), "pixel_mm": np.array(np.nan)}
    np.savez(path, labels=labels, confidence=confidence or np.ones(len(labels)), **known)
    return str(path)


def test_labels_of_segment_on_the_models_frame(tmp_path: Path) -> None:
    """A frame twice as wide as high becomes a square without margins; the model's clock skips source frames."""
    labels = np.zeros((5, 4, 8), np.uint8)
    labels[:, 1:3, 4:6] = Label.TONGUE_BODY
    labels[2, 0, 0] = Label.UPPER_LIP
    name = stored(tmp_path, labels, [0.9, 0.9, 0.2, 0.9, 0.9])
    regions = read_regions(name, Source([0, 2, 4], 8, 4, 16, n_frames=5))
    assert regions.names == ("upper_lip", "tongue_body", "lips", "tongue") and regions.moving
    shown = dict(zip(regions.names, regions.at(0), strict=True))
    assert shown["tongue"].shape == (16, 16) and shown["tongue"][4:12, 8:12].all() and shown["tongue"].sum() == 32
    assert not shown["lips"].any() and regions.at(1)[2, :4, :2].all()
    assert regions.doubtful == (1,) and "1 of 3 frames: 1." in regions.notes[0]
    assert regions.only(["tongue"]).notes == regions.notes
    # Smaller frames take the pixel at each center.
    small = read_regions(name, Source([0, 2, 4], 8, 4, 2))
    np.testing.assert_array_equal(small.only(["tongue"]).at(0)[0], [[False, False], [False, False]])


@pytest.mark.parametrize(
    ("clip", "named"),
    [
        (Source([0, 1], 8, 4, 16, n_frames=2), "5 frames for a video of 2"),
        (Source([0, 1], 8, 4, 16), "5 frames for a video of 2"),
        (Source([0, 3, 6], 8, 4, 16), "5 frames for a video of 7"),
        (Source([0, 2, 4], 4, 8, 16), "8 x 4 pixels for a video of 4 x 8"),
    ],
)
def test_labels_of_another_video_are_refused_by_name(tmp_path: Path, clip: Source, named: str) -> None:
    name = stored(tmp_path, np.full((5, 4, 8), Label.VELUM, np.uint8))
    with pytest.raises(ConfigError, match=r"clip_regions\.npz") as caught:
        read_regions(name, clip)
    assert named in caught.value.problem and "segment" in caught.value.remedy


def test_labels_in_which_nothing_was_found(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no articulator"):
        read_regions(stored(tmp_path, np.zeros((5, 4, 8), np.uint8)), Source([0, 2, 4], 8, 4, 16))
