"""Regions that nobody draws: found once, kept, and found anew when video or segmenter change."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.attribution.compute import gradcam
from rtmri2speech.analysis.map_folder.read import read_maps
from rtmri2speech.analysis.occlusion.occlude import occlude
from rtmri2speech.analysis.regions import automatic
from rtmri2speech.analysis.regions.automatic import find_labels, keep_labels
from rtmri2speech.analysis.regions.masks import Source, read_regions, source_of
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.vocal_tract import segmenter
from rtmri2speech.vocal_tract.segment import segment
from rtmri2speech.vocal_tract.segmentation import read_labels


@pytest.fixture
def shipped(tiny_segmenter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small segmenter in place of the shipped one."""
    monkeypatch.setattr(segmenter, "find_model", lambda model: tiny_segmenter)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The videos that were segmented."""
    found: list[Path] = []

    def counted(video: Path, *args: object, **options: object) -> object:
        found.append(video)
        return segment(video, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(automatic, "segment", counted)
    automatic._segmented.cache_clear()
    return found


def test_labels_are_kept_until_video_or_segmenter_change(
    talker: Path, fast_talker: Path, tiny_segmenter: Path, tmp_path: Path, runs: list[Path]
) -> None:
    video, out = tmp_path / "said.mp4", tmp_path / "out"
    shutil.copy(talker, video)
    kept = keep_labels(video, out, model=tiny_segmenter)
    assert kept.path == out / "said_regions.npz" and len(runs) == 1 and str(kept.path) in kept.notes[0]
    stored = read_labels(kept.path)
    assert stored.automatic and len(stored.video_sha256) == len(stored.model_sha256) == 64
    np.testing.assert_array_equal(stored.labels, segment(video, tiny_segmenter).labels)
    again = keep_labels(video, out, model=tiny_segmenter)
    assert again.path == kept.path and not again.notes and len(runs) == 1
    torch.manual_seed(3)
    other = tmp_path / "other.safetensors"
    save_bundle(Bundle.from_segmenter(Segmenter(SegmenterConfig(size=32, widths=(8, 12)))), other)
    assert keep_labels(video, out, model=other).notes and len(runs) == 2
    shutil.copy(fast_talker, video)
    assert keep_labels(video, out, model=other).notes and len(runs) == 3
    assert keep_labels(video, out, model=other, fps="50").notes and len(runs) == 4
    assert read_labels(kept.path).frame_rate == 50


def test_what_segment_wrote_is_taken_and_what_others_wrote_is_left(
    talker: Path, tiny_segmenter: Path, tmp_path: Path, runs: list[Path]
) -> None:
    path, _ = segment(talker, tiny_segmenter).save(tmp_path)
    before = path.read_bytes()
    kept = keep_labels(talker, tmp_path, model=tiny_segmenter)
    assert kept.path == path and "was there" in kept.notes[0] and not runs
    with np.load(path) as arrays:
        np.savez(path, **{name: arrays[name] for name in arrays if name != "video_sha256"})
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="in the way") as caught:
        keep_labels(talker, tmp_path, model=tiny_segmenter)
    assert str(path) in caught.value.remedy and path.read_bytes() == before


def test_a_video_that_is_gone_is_named(tiny_segmenter: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"gone\.mp4"):
        keep_labels(tmp_path / "gone.mp4", tmp_path, model=tiny_segmenter)
    with pytest.raises(ConfigError, match="not known"):
        find_labels(Source([0], 8, 8, 8))


@pytest.mark.usefixtures("shipped")
def test_auto_is_a_name_of_regions_everywhere(model: Model, clip: Clip, tmp_path: Path, runs: list[Path]) -> None:
    regions = read_regions("auto", source_of(clip))
    name = regions.names[0]
    assert regions.at(0).shape == (len(regions.names), 64, 64)
    assert "no vocal tract was recognized" in regions.notes[0]
    hidden = occlude(model, clip, region=name, regions="auto", controls=1, alpha=0.0)
    assert hidden.about["regions_of"] == "auto" and regions.notes[0] in hidden.notes
    maps = gradcam(model, clip)
    rows = maps.regions("auto", name)
    assert {row["region"] for row in rows} == {name, "elsewhere"}
    maps.save(tmp_path)
    assert read_maps(tmp_path).regions("auto", name)[0]["area_share"] == rows[0]["area_share"]
    # One clip is looked at once, by its given rate and by that of its file.
    assert len(runs) <= 2
