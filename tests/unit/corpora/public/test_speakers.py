from __future__ import annotations

from pathlib import Path

import pytest

from fake_corpora import usc75
from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.inputs import open_corpus
from rtmri2speech.corpora.public.catalog import facts_of
from rtmri2speech.corpora.public.speakers import read_speaker_table
from rtmri2speech.corpora.public.usc75 import Usc75
from rtmri2speech.errors import ConfigError
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "speakers.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_splits_and_offsets_by_speaker(tmp_path: Path) -> None:
    path = table(tmp_path, "speaker;sex;split;sync_offset\nsub001;f;train;0,05\nsub002;m;val;\nsub009;f;test;-0.1\n")
    corpus = open_corpus(usc75(tmp_path), corpus="usc75", speakers=path, sync_offset=0.1)
    found = [(one.speaker, one.split, one.sync_offset) for one in corpus.recordings() if isinstance(one, Recording)]
    assert [one[:2] for one in found] == [("sub001", "train"), ("sub002", "validation"), ("sub009", "test")]
    assert [one[2] for one in found] == pytest.approx([0.15, 0.1, 0.0])
    assert facts_of(corpus) is Usc75.facts and corpus.licence == Usc75.facts.licence
    summary = prepare(corpus, tmp_path / "set", PrepareOptions(frames=FrameConfig(size=16)), workers=1)
    assert summary.split_mode == "corpus"


def test_speakers_without_a_split_are_left_out_with_a_word(tmp_path: Path) -> None:
    path = table(tmp_path, "speaker,split\nsub001,train\nsub002,validation\n")
    listing = open_corpus(usc75(tmp_path), corpus="usc75", speakers=path).listing()  # type: ignore[attr-defined]
    assert len(listing.recordings) == 2
    assert listing.remarks[-1].decision and "1 of 3 speakers left out" in listing.remarks[-1].problem


def test_offsets_alone_leave_nobody_out(tmp_path: Path) -> None:
    path = table(tmp_path, "subject\tsync_offset\nsub002\t0.2\n")
    corpus = open_corpus(usc75(tmp_path), corpus="usc75", speakers=path)
    assert [one.sync_offset for one in corpus.recordings() if isinstance(one, Recording)] == [0.0, 0.2, 0.0]


def test_unknown_speakers_are_named(tmp_path: Path) -> None:
    path = table(tmp_path, "speaker,split\nsub001,train\nsub077,test\n")
    with pytest.raises(ConfigError, match=r"speakers\.csv: names sub077, and the recordings are of sub001") as caught:
        open_corpus(usc75(tmp_path), corpus="usc75", speakers=path).recordings()
    assert "remove the lines" in caught.value.remedy


def test_it_goes_with_folders_of_ones_own_too(tmp_path: Path, talker: Path) -> None:
    path = table(tmp_path, "speaker,sync_offset\nme,0.25\n")
    (one,) = open_corpus(talker, speaker="me", speakers=path).recordings()
    assert isinstance(one, Recording) and one.sync_offset == 0.25
    (sound,) = open_corpus(talker.with_suffix(".wav"), speaker="me", speakers=path, sound_only=True).recordings()
    assert sound.speaker == "me"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a table of speakers"),
        ("speaker,sex\na,f\n", "its header is 'speaker,sex'"),
        ("speaker,split\na,dev\na,test\n", "row 3: 'a' stands there twice"),
        ("speaker,split\n,test\n", "row 2: names no speaker"),
        ("speaker,split\na,some\n", "'some' is no split"),
        ("speaker,sync_offset\na,soon\n", "'soon' is not a number"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_speaker_table(table(tmp_path, text))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_speaker_table(tmp_path / "gone.csv")
