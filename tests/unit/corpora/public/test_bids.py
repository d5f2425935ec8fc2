from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from fake_corpora import bids
from rtmri2speech.corpora.public.bids import Bids
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError, MediaError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return bids(tmp_path)[0]


def test_sidecars_above_count_and_those_of_the_file_come_first(root: Path) -> None:
    recordings = {one.id: one for one in Bids((root,)).recordings()}
    first = recordings["sub-01_task-vowels_run-1"]
    assert first.scanner is not None and first.scanner.pixel_of(64) == 1.6 and first.scanner.rates == (Fraction(50),)
    assert first.text is None and recordings["sub-01_task-vowels_run-4"].text == "ah oh"
    side = root / "sub-01" / "mri" / "sub-01_task-vowels_run-1_video.json"
    side.write_text(json.dumps({"PixelSpacing": 2.0, "SyncOffset": 0.5}), encoding="utf-8")
    again = Bids((root,), sync_offset=0.25).recordings()[0]
    assert again.scanner is not None and again.scanner.pixel_mm == 2.0 and again.sync_offset == 0.75


def test_events_are_labels(root: Path) -> None:
    grid = read_textgrid(next(root.rglob("*_events.tsv")))
    assert [one.label for one in grid.interval_tiers[0].entries] == ["a", "i", "u"]
    assert grid.interval_tiers[0].entries[1].end == pytest.approx(0.54)


def test_tables_say_what_is_missing(root: Path) -> None:
    assert not Bids((root,)).listing().remarks
    (root / "participants.tsv").write_text("participant_id\nsub-01\nsub-02\nsub-07\n", encoding="utf-8")
    (root / "dataset_description.json").unlink()
    corpus = Bids((root,))
    assert [(one.severity, one.problem) for one in corpus.listing().remarks] == [
        ("note", "no dataset_description.json that can be read"),
        ("warning", "1 participant(s) with videos are not in it: 03"),
        ("note", "1 of its 3 participants have no video here: 07"),
    ]
    assert corpus.name == "bids" and "not stated" in corpus.licence and corpus.citation == ""
    (root / "participants.tsv").write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(MediaError, match="not a table of participants"):
        Bids((root,)).recordings()
    (root / "participants.tsv").unlink()
    assert any("no participants.tsv" in one.problem for one in Bids((root,)).listing().remarks)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "cannot be read as JSON"),
        ('{"PixelSpacing": -1}', "PixelSpacing -1"),
        ('{"FrameRate": "fast"}', "FrameRate fast"),
        ('{"SyncOffset": "late"}', "SyncOffset late is not a number"),
    ],
)
def test_sidecars_that_are_wrong(root: Path, content: str, problem: str) -> None:
    (root / "task-vowels_video.json").write_text(content, encoding="utf-8")
    with pytest.raises((ConfigError, MediaError), match=problem):
        Bids((root,)).recordings()
