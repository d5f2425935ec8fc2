"""ATR-503 and rtMRIDB."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from fake_corpora import atr503, rtmridb
from rtmri2speech.corpora.public.atr503 import FRAME_RATE, Atr503
from rtmri2speech.corpora.public.rtmridb import RtMriDb
from rtmri2speech.corpora.video_of_recording import scan_recording
from rtmri2speech.errors import MediaError


def test_a_rounded_rate_is_625_23_again(tmp_path: Path) -> None:
    assert Fraction(625, 23) == FRAME_RATE
    recordings = Atr503(tuple(atr503(tmp_path))).recordings()
    scan = scan_recording(recordings[0])
    assert scan.rate == FRAME_RATE
    assert scan_recording(recordings[0], "27").rate == 27
    assert recordings[0].text == "あらゆる現実を" and recordings[1].text is None
    assert recordings[0].id == "spk1_A01" and recordings[0].textgrid is not None


def test_sentences_that_are_missing_are_counted(tmp_path: Path) -> None:
    (remark,) = Atr503(tuple(atr503(tmp_path))).listing().remarks
    assert remark.problem == "spk1: 493 of 503 sentences have no video here: A11, A12, A13, A14 and 489 more"


def test_folders_of_a_kind_of_files_are_no_speakers(tmp_path: Path) -> None:
    for name in ("mp4/B01.mp4", "spk2/video/B02.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    assert {(one.speaker, one.id) for one in Atr503((tmp_path,)).recordings()} == {
        ("speaker1", "B01"),
        ("spk2", "spk2_B02"),
    }


def test_speakers_are_those_of_the_database(tmp_path: Path) -> None:
    (root,) = rtmridb(tmp_path)
    listing = RtMriDb((root,)).listing()
    assert {one.speaker for one in listing.recordings} == {"f01", "m02"} and not listing.remarks
    assert all(one.textgrid is not None for one in listing.recordings)
    (root / "rtmridb_v1_mp4" / "s1_000.mp4").unlink()
    (root / "rtmridb_v1_mp4" / "s3_000.mp4").touch()
    said = [one.problem for one in RtMriDb((root,)).listing().remarks]
    assert said == [
        "1 video(s) without a TextGrid of their name: s3_000",
        "1 video(s) are not in it: s3_000",
        "1 of its 10 videos are not here: s1_000",
    ]


def test_without_the_database_speakers_are_by_name_with_a_word(tmp_path: Path) -> None:
    (root,) = rtmridb(tmp_path)
    (root / "rtMRIDB.sqlite3").write_bytes(b"no database at all, but long enough to be read as one")
    with pytest.raises(MediaError, match="not the database of rtMRIDB"):
        RtMriDb((root,)).recordings()
    (root / "rtMRIDB.sqlite3").unlink()
    listing = RtMriDb((root,)).listing()
    assert {one.speaker for one in listing.recordings} == {"s1", "s2"}
    assert listing.remarks[0].decision and "speakers are taken from folders" in listing.remarks[0].problem
