"""Field inputs: files that earlier versions got wrong, a test for each row."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.textgrid import labels_of, read_textgrid
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import prepare

ROOT = Path(os.environ.get("RTMRI_REAL_DATA", "none")) / "field_inputs"
pytestmark = [pytest.mark.realdata, pytest.mark.skipif(not ROOT.is_dir(), reason="RTMRI_REAL_DATA is not there")]

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
    folder = ROOT / "40_textgrids"
    wrong = [finding for finding in check(folder).findings if finding.severity != "note"]
    assert [(Path(one.file).stem, "not an annotation of this sound" in one.problem) for one in wrong] == [
        ("much_longer", True)
    ]
    prepare(folder, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert capfd.readouterr().out == ""
    dataset = Dataset(tmp_path / "ds")
    assert len(dataset.utterances) == 11
    for row in dataset.utterances:
        found = labels_of(read_textgrid(dataset.folder(row) / f"{row.id}.TextGrid"))
        expected = LABELS.get(row.id, VOWELS)
        assert [one.text for one in found] == [label for *_, label in expected], row.id
        for one, (start, end, _) in zip(found, expected, strict=True):
            assert (one.start, one.end) == pytest.approx((start, end), abs=2e-3), row.id
