from __future__ import annotations

import json
from pathlib import Path

import pytest

from fake_corpora import usc75
from rtmri2speech.corpora.public.usc75 import Usc75, read_metafile
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig

METAFILE = "metafile_public_20210129.json"


def listing(roots: list[Path]) -> list[str]:
    return [f"{one.severity}: {one.problem}" for one in Usc75(tuple(roots)).listing().remarks]


@pytest.mark.parametrize(
    ("name", "speaker"),
    [
        ("sub001_2drt_01_vcv1_r1_video", "sub001"),
        ("sub061_2drt_17_topic1_video", "sub061"),
        ("SUB010_2drt_12_picture1", "sub010"),
        ("sub01_2drt_01_vcv1_video", None),
        ("sub001_3d_01_a_video", None),
    ],
)
def test_names(name: str, speaker: str | None) -> None:
    named = Usc75(()).named(Path(f"{name}.mp4"), Path())
    assert (None if named is None else named.speaker) == speaker


def test_the_table_of_subjects_says_what_is_missing_and_what_is_noted(tmp_path: Path) -> None:
    roots = usc75(tmp_path)
    assert listing(roots) == [
        "warning: 1 subject(s) with videos are not in it: sub009",
        "note: 1 of its 3 subjects have no video here: sub003",
        "note: sub002: 1 of 2 recordings have no video here: sub002_2drt_02_vcv2_r1",
    ]
    first, second, ninth = Usc75(tuple(roots)).recordings()
    assert [one.problem for one in first.remarks] == ["noted by the corpus: motion at the end"] and not second.remarks
    assert ninth.textgrid is not None and ninth.textgrid.name == "sub009_2drt_01_vcv1_r1_text.TextGrid"
    assert first.textgrid is None


def test_without_or_with_a_damaged_table(tmp_path: Path) -> None:
    roots = usc75(tmp_path)
    (roots[0] / METAFILE).write_text('["sub001"]', encoding="utf-8")
    with pytest.raises(MediaError, match=rf"{METAFILE}: not the corpus's table of subjects") as caught:
        Usc75(tuple(roots)).recordings()
    assert "to do without" in caught.value.remedy
    (roots[0] / METAFILE).unlink()
    (remark,) = listing(roots)
    assert remark.startswith("note: no metafile_public_*.json")


def test_names_in_the_table_may_be_short(tmp_path: Path) -> None:
    path = tmp_path / METAFILE
    path.write_text(json.dumps({"SUB001": {"task": [{"prefix": "sub001_01_vcv1_r1", "note": None}]}}), "utf-8")
    assert read_metafile(path) == {"sub001": {"sub001_01_vcv1_r1": ""}}


def test_over_bright_frames_go_and_speakers_are_apart(tmp_path: Path) -> None:
    options = PrepareOptions(frames=FrameConfig(size=16), seed=3)
    summary = prepare(Usc75(tuple(usc75(tmp_path))), tmp_path / "set", options, workers=1)
    dataset = Dataset(tmp_path / "set")
    assert summary.split_mode == "speaker" and dataset.meta.split["ratio"] == [43.0, 4.0, 4.0]
    assert sorted(row.split for row in dataset.utterances) == ["test", "train", "validation"]
    first = dataset.utterances[0]
    assert first.source_start > 0.1  # ten of 83 frames a second
    assert dataset[first].text == "" and first.pixel_mm == 2.4
    again = prepare(Usc75(tuple(usc75(tmp_path))), tmp_path / "own", options, workers=1, split="test")
    assert again.split_mode == "test"


def test_two_speakers_are_too_few_for_a_split_by_speaker(tmp_path: Path) -> None:
    roots = usc75(tmp_path)
    corpus = Usc75((roots[0] / "sub001", roots[0] / "sub002"))
    summary = prepare(corpus, tmp_path / "set", PrepareOptions(frames=FrameConfig(size=16)), workers=1)
    assert summary.split_mode == "blocks"
