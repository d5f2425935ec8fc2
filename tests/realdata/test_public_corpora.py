"""Clips of published corpora come in with the speaker, text, rate, size of pixels and offset that they have."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from recordings import data
from rtmri2speech.corpora.inputs import open_corpus
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.check import CheckReport, check
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig

pytestmark = pytest.mark.realdata

OPTIONS = PrepareOptions(frames=FrameConfig(size=64))


def imported(folder: Path, corpus: str, out: Path) -> tuple[CheckReport, list[Utterance]]:
    report = check(open_corpus(folder, corpus=corpus), workers=1)
    assert not report.wrong and [facts.key for facts in report.corpora] == [corpus]
    summary = prepare(open_corpus(folder, corpus=corpus), out, OPTIONS, workers=1, split="test", cut={"mode": "whole"})
    assert not summary.failures
    return report, Dataset(out).utterances


def test_the_clip_of_usc75(tmp_path: Path) -> None:
    folder = data("usc75_sub001")
    report, (row,) = imported(folder, "usc75", tmp_path / "set")
    assert (row.id, row.speaker, row.pixel_mm) == ("sub001_2drt_01_vcv1_r1", "sub001", 2.4)
    assert row.text == ""  # nothing in the folder says it in words
    scan = scan_video(Path(row.source_video))
    assert scan.rate == Fraction(65040, 781)
    # The over-bright start is left out, and the sound with it.
    bright = float(scan.starts[scan.over_bright])
    assert row.source_start == pytest.approx(bright, abs=1e-4) and bright > 0.2
    assert report.facts[0].offset == pytest.approx(bright, abs=0.1) and report.facts[0].sound == "own track"
    assert row.seconds == pytest.approx(scan.end - bright, abs=0.05)


def test_the_sentences_of_m3(tmp_path: Path) -> None:
    report, rows = imported(data("usctimit_m3"), "usctimit", tmp_path / "set")
    assert {row.speaker for row in rows} == {"M3"} and len(rows) == 3
    # Three times as large as the scanner's frames, so that a pixel is a third of 2.9 mm.
    assert {row.pixel_mm for row in rows} == {round(2.9 / 3, 6)}
    assert {row.text for row in rows} == {""}  # which sentences they are is in no file
    assert {facts.offset for facts in report.facts} == {0.0} and {row.source_start for row in rows} == {0.0}
    assert all(Path(row.source_audio).suffix == ".wav" for row in rows)
    assert {scan_video(Path(row.source_video)).rate for row in rows} == {Fraction(2318, 100)}


def test_clips_of_another_corpus_are_refused() -> None:
    with pytest.raises(MediaError, match="no recording of USC-TIMIT there") as caught:
        open_corpus(data("usc75_sub001"), corpus="usctimit").recordings()
    assert "`corpus='usc75'`" in caught.value.remedy
    with pytest.raises(MediaError, match=r"found 103020_tRes155\.06_Trim4\.avi"):
        open_corpus(data("usc_sync_case"), corpus="usclss").recordings()
