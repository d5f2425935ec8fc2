"""What a folder holds that a page can show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from made_tracts import made_tract
from page_folder import Made, make_folder, write_json, write_maps
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.analysis.regions.region_sums import write_used_regions
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.reporting.page.collect import Named, collect, places_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_folder(tmp_path_factory.mktemp("page"), seconds=0.6)


def test_everything_of_a_clip_is_found_by_content(made: Made) -> None:
    found = collect(made.folder)
    (clip,) = found.clips
    assert clip.name == "clip" and clip.video == made.video
    assert clip.generated == [made.folder / "speech" / "clip_generated.wav"] and clip.original is None
    assert [path.name for path, _ in clip.maps] == ["gradcam_metadata.json"]
    assert [path.name for path, _ in clip.masking] == ["masking.json"]
    assert clip.textgrid == made.video.with_suffix(".TextGrid")
    assert clip.regions == "template", "that is what the masking was done with"
    assert [path.name for path, _ in found.evaluations] == ["metrics.json"] and not found.notes


def test_a_tract_is_enough_for_a_page_where_its_video_is_known(made: Made, tmp_path: Path) -> None:
    made_tract(5).save(tmp_path)
    with pytest.raises(DatasetError, match="nothing of a video"):
        collect(tmp_path)
    (clip,) = collect(tmp_path, Named(videos=[made.video])).clips
    assert (clip.name, clip.tract) == ("clip", tmp_path / "clip_tract.npz") and not clip.maps
    shutil.copy(made.video, tmp_path)
    assert collect(tmp_path).clips[0].video == tmp_path / made.video.name


def test_other_programs_files_and_hidden_ones_are_passed_over(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    for name, text in (("list.json", "[1, 2]"), ("broken.json", "{"), ("other.json", '{"video": "x.mp4"}')):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".old").mkdir()
    shutil.copy(folder / "speech" / "clip_generated.wav", folder / ".old" / "gone_generated.wav")
    found = collect(folder)
    assert [clip.name for clip in found.clips] == ["clip"] and not found.notes


def test_a_truth_beside_the_video_is_taken_for_the_regions(made: Made) -> None:
    truth = made.video.with_suffix(".npz")
    truth.touch()
    try:
        assert collect(made.folder).clips[0].regions == str(truth)
    finally:
        truth.unlink()


def test_outlines_are_of_the_regions_whose_courses_are_shown(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    polygons = tmp_path / "mine.json"
    shutil.copy(made.video.with_suffix(".json"), polygons)
    lips = Regions(("lips",), lambda frame: np.zeros((1, 8, 8), np.bool_))
    told = write_used_regions(folder / "maps", "gradcam", str(polygons), lips)
    used = json.loads(told.read_text(encoding="utf-8"))
    write_maps(folder / "maps", made.video, made.frames, method="hirescam")

    def found(**named: list[str]) -> tuple[str | None, tuple[str, ...], list[str]]:
        findings = collect(folder, Named(**named))
        return findings.clips[0].regions, findings.clips[0].only, findings.notes

    assert found() == (str(polygons), ("lips",), [])
    assert found(regions=["template"]) == ("template", (), []), "what is named goes first"
    polygons.write_text("{}", encoding="utf-8")
    (_, _, (note,)) = found()
    assert found()[0] is None and "mine.json" in note and "changed" in note, "no others are shown in their place"
    write_json(folder / "maps" / "gradcam_regions.json", used | {"regions_of": "template", "regions_sha256": None})
    assert found() == ("template", ("lips",), [])
    write_json(folder / "maps" / "hirescam_regions.json", used | {"regions_of": "template", "regions": []})
    assert "different regions" in found()[2][0]


def test_a_truth_that_moved_with_its_video_is_known_again(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    truth = made.video.with_suffix(".npz")
    truth.write_bytes(b"truth")
    used = {"regions_of": "gone/clip.npz", "regions_sha256": hash_files([truth]), "regions": []}
    write_json(folder / "maps" / "gradcam_regions.json", used)
    try:
        assert collect(folder).clips[0].regions == str(truth)
    finally:
        truth.unlink()


def test_a_video_that_was_moved_is_found_in_the_folder_or_named(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    moved = tmp_path / "elsewhere" / made.video.name
    moved.parent.mkdir()
    for path in folder.rglob("*.json"):
        path.write_text(path.read_text(encoding="utf-8").replace(str(made.video), "gone/clip.mp4"), encoding="utf-8")
    shutil.copy(made.video, moved)
    with pytest.raises(DatasetError, match="nothing of a video that could be found") as caught:
        collect(folder)
    assert "`video=FILE`" in caught.value.remedy
    assert collect(folder, Named(videos=[moved])).clips[0].video == moved
    inside = shutil.copy(made.video, folder / "speech" / "clip.mp4")
    assert collect(folder).clips[0].video == inside


def test_a_clip_whose_video_is_missing_is_noted(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    shutil.copy(folder / "speech" / "clip_generated.wav", folder / "speech" / "other_generated.wav")
    found = collect(folder)
    assert [clip.name for clip in found.clips] == ["clip"]
    (note,) = found.notes
    assert "other" in note and "`video=FILE`" in note


def test_named_files_go_to_the_clip_of_their_name(made: Made, tmp_path: Path) -> None:
    one = collect(made.folder, Named(textgrids=[tmp_path / "any.TextGrid"], regions=["any.json"])).clips[0]
    assert one.textgrid == tmp_path / "any.TextGrid" and one.regions == "any.json", "there is only one clip"
    folder = shutil.copytree(made.folder, tmp_path / "out")
    second = tmp_path / "second.mp4"
    shutil.copy(made.video, second)
    named = Named([second], [tmp_path / "second.TextGrid"], ["template"])
    clips = {clip.name: clip for clip in collect(folder, named).clips}
    assert clips["second"].textgrid == tmp_path / "second.TextGrid" and clips["clip"].textgrid == one_grid(made)
    assert [clip.regions for clip in clips.values()] == ["template", "template"]
    with pytest.raises(ConfigError, match="of none of the clips clip, second"):
        collect(folder, Named([second], regions=["third.json"]))


def one_grid(made: Made) -> Path:
    return made.video.with_suffix(".TextGrid")


def test_files_are_known_by_their_kind(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    metadata, metrics = folder / "maps" / "gradcam_metadata.json", folder / "evaluation" / "metrics.json"
    read = [json.loads(path.read_text(encoding="utf-8")) for path in (metadata, metrics)]
    about, measured = ({name: one[name] for name in one if name not in ("kind", "program")} for one in read)
    write_json(metadata, about)  # as early versions wrote them
    write_json(metrics, measured)
    assert [path for path, _ in collect(folder).clips[0].maps] == [metadata]
    assert [path for path, _ in collect(folder).evaluations] == [metrics]
    write_json(metadata, {"kind": "maps", **about})
    write_json(metrics, {"kind": "evaluation", **measured})
    write_json(folder / "other.json", {"kind": "something else", **about})
    found = collect(folder)
    assert [path for path, _ in found.clips[0].maps] == [metadata]
    assert [path for path, _ in found.evaluations] == [metrics]
    write_json(metadata, {"kind": "maps", **{name: value for name, value in about.items() if name != "bands"}})
    with pytest.raises(DatasetError, match=r"gradcam_metadata.json: damaged, without 'bands'"):
        collect(folder)


def test_two_videos_of_one_name_are_refused(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    other = tmp_path / "clip.mp4"
    shutil.copy(made.video, other)
    write_json(folder / "more.json", {"video": str(other), "fills": [], "alphas": [], "regions": []})
    with pytest.raises(ConfigError, match="Two videos are called 'clip'"):
        collect(folder)


def test_sounds_of_several_models_are_all_kept(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    shutil.copytree(folder / "speech", folder / "again" / "speech")
    (clip,) = collect(folder).clips
    assert clip.generated == [folder / name / "clip_generated.wav" for name in ("again/speech", "speech")]


def test_the_finer_maps_come_first(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    write_maps(folder / "maps", made.video, made.frames, method="hirescam")
    (clip,) = collect(folder).clips
    assert [about["method"] for _, about in clip.maps] == ["hirescam", "gradcam"]


def test_folders_are_named_from_where_they_part(tmp_path: Path) -> None:
    def named(*names: str) -> list[str]:
        return places_of([tmp_path / name for name in names])

    assert named() == [] and named("maps/x.json") == ["maps"]
    assert named("a/maps/x.json", "b/maps/x.json") == ["a/maps", "b/maps"]
    assert named("maps/x.json", "maps/y.json") == ["maps", "maps"]
    assert named("out/x.json", "out/b/x.json") == ["out", "b"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_anything_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        collect(tmp_path / name)
