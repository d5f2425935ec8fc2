"""Inputs as people have them, a test per row of the list that lies with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from block_code import assert_in_the_middle
from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.textgrid import labels_of, read_textgrid
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import prepare

pytestmark = pytest.mark.realdata


def row(name: str) -> Path:
    root = os.environ.get("RTMRI_REAL_DATA")
    folder = Path(root or "") / "field_inputs" / name
    if not root or not folder.is_dir():
        pytest.skip("RTMRI_REAL_DATA is not set, or its folder lacks field_inputs")
    return folder


def test_51_weights_that_are_not_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = row("51_nan_weights"), tmp_path / "v.safetensors"
    words = ["import", "hifigan", str(folder / "g_nan"), "--config", str(folder / "config.json"), "--out", str(out)]
    assert main(words) == 1 and not out.exists()
    problem, remedy = capsys.readouterr().err.splitlines()
    assert "g_nan: holds values that are not numbers" in problem and "earlier checkpoint" in remedy


VOWELS = [(0.5, 0.9, "a"), (0.9, 1.3, "i"), (1.3, 2.0, "u")]
LABELS = {
    "label_with_bracket": [(0.0, 0.5, "intervals [3] of"), (0.5, 0.9, "a")],
    "negative_start": [(0.0, 0.5, "x"), (0.5, 0.9, "a")],
    "overlap_of_100_ns": VOWELS[:2],
    "point_quotes": [*VOWELS, (0.4, 0.4, 'say "x"')],
    "two_tiers_one_name": [*VOWELS, (0.0, 2.208, "x")],
    "zero_length": [(0.5, 0.9, "a"), (0.9, 0.9, "x"), (0.9, 1.3, "i")],
}


def test_40_textgrids(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = row("40_textgrids")
    wrong = [finding for finding in check(folder).findings if finding.severity != "note"]
    assert [(Path(one.file).stem, "not an annotation of this sound" in one.problem) for one in wrong] == [
        ("much_longer", True)
    ]
    prepare(folder, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert capfd.readouterr().out == ""
    dataset = Dataset(tmp_path / "ds")
    assert len(dataset.utterances) == 11
    for one_row in dataset.utterances:
        found = labels_of(read_textgrid(dataset.folder(one_row) / f"{one_row.id}.TextGrid"))
        expected = LABELS.get(one_row.id, VOWELS)
        assert [one.text for one in found] == [label for *_, label in expected], one_row.id
        for one, (start, end, _) in zip(found, expected, strict=True):
            assert (one.start, one.end) == pytest.approx((start, end), abs=2e-3), one_row.id


def test_01_a_sound_clock_that_drifts() -> None:
    folder = row("01_audio_clock_drift")
    assert_in_the_middle(folder / "drift.mkv", [10, 110, 200], 0.05)
    report = check(folder)
    assert report.facts[0].drift == pytest.approx(0.118, abs=2e-3)
    assert any("0.118 s slower than its samples" in finding.problem for finding in report.findings)


def test_03_one_time_stamp_twice() -> None:
    folder = row("03_one_duplicate_timestamp")
    assert_in_the_middle(folder / "dup.mov", [10, 40, 70, 100], 0.1)
    assert any("the first is frame 80 at 3.50 s" in finding.problem for finding in check(folder).findings)


def test_04_a_cut_between_two_frames() -> None:
    folder = row("04_stream_copied_cut")
    assert_in_the_middle(folder / "cut.mp4", [40, 70, 100], 0.05)
    assert any("0.025 s after the start of its sound" in finding.problem for finding in check(folder).findings)


def test_30_avi_with_mp3(tmp_path: Path) -> None:
    folder = row("30_avi_with_mp3")
    assert check(folder).wrong == 0
    assert_in_the_middle(folder / "a.avi", [10, 40], 0.05)
    prepare(folder, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert Dataset(tmp_path / "ds").utterances[0].n_frames == 60
