"""Which sound a recording is prepared and checked with, where there are several or it is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound, write_wav
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import prepare

RATE = 20_000
TRACK_RATE = 16_000
Talking = tuple[NDArray[np.uint8], NDArray[np.float32]]


@pytest.fixture
def both(tmp_path: Path, mux: Callable[..., Path], talk: Talking) -> Path:
    """A folder with a video that has a track of noise, and its speech next to it under another spelling."""
    noise = (0.1 * np.random.default_rng(1).standard_normal(len(talk[1]) * TRACK_RATE // RATE)).astype(np.float32)
    mux(tmp_path / "in" / "b.mp4", talk[0], Fraction(625, 23), noise, TRACK_RATE)
    write_wav(tmp_path / "in" / "B.wav", talk[1], RATE)
    return tmp_path / "in"


def likeness(dataset: Dataset, sound: Path) -> float:
    """Correlation of the prepared levels with those of a sound file."""
    levels = []
    for path in (dataset.audio_path(dataset.utterances[0]), sound):
        read = read_sound(path)
        levels.append(np.array([np.std(part) for part in np.array_split(read.samples, 50)]))
    return float(np.corrcoef(*levels)[0, 1])


def test_the_file_next_to_a_video_is_taken_and_that_is_said(both: Path, tmp_path: Path) -> None:
    (finding,) = check(both).findings
    assert finding.severity == "note" and "its own sound track is not used" in finding.problem
    assert "The sound is B.wav" in finding.remedy and "`sound='track'`" in finding.remedy
    summary = prepare(both, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    (note,) = summary.notes
    assert note.startswith(f"{both / 'b.mp4'}: its own sound track is not used") and "`sound='track'`" in note
    assert likeness(Dataset(tmp_path / "ds"), both / "B.wav") > 0.99


@pytest.mark.parametrize("asked", ["file", "track"])
def test_what_was_asked_for_is_not_said_again(both: Path, tmp_path: Path, asked: str) -> None:
    corpus = FolderCorpus((both,), sound="file" if asked == "file" else "track")
    assert not [finding for finding in check(corpus).findings if "track" in finding.problem]
    summary = prepare(corpus, tmp_path / "ds", cut={"mode": "whole"}, split="recording")
    assert not [note for note in summary.notes if "track" in note]
    assert (likeness(Dataset(tmp_path / "ds"), both / "B.wav") > 0.99) == (asked == "file")


def test_of_many_videos_it_is_said_once(both: Path, tmp_path: Path) -> None:
    for name in ("c", "d"):
        (both / f"{name}.mp4").write_bytes((both / "b.mp4").read_bytes())
        (both / f"{name}.wav").write_bytes((both / "B.wav").read_bytes())
    (note,) = prepare(both, tmp_path / "ds", cut={"mode": "whole"}, split="recording").notes
    assert note.startswith(f"{both / 'b.mp4'}: its own sound track is not used")
    assert note.endswith("The same of 2 more recording(s).")


def test_a_name_that_nearly_matches_is_a_warning_where_the_track_is_taken(both: Path, tmp_path: Path) -> None:
    (both / "B.wav").rename(both / "b_audio.wav")
    warning, passed = check(both).findings
    assert warning.severity == "warning" and "b_audio.wav has nearly its name" in warning.problem
    assert "belong to no video: b_audio.wav" in passed.problem
    notes = prepare(both, tmp_path / "ds", cut={"mode": "whole"}, split="recording").notes
    assert any("b_audio.wav has nearly its name" in note for note in notes)


def test_a_dangling_link_is_an_error_not_the_track(both: Path, tmp_path: Path) -> None:
    (both / "B.wav").rename(tmp_path / "real.wav")
    try:
        (both / "b.wav").symlink_to(".git/annex/objects/x")
    except OSError:
        pytest.skip("links are not allowed here")
    (finding,) = check(both).findings
    assert finding.severity == "error" and finding.file == str(both / "b.wav")
    assert "is a link to a file that is not there (.git/annex/objects/x)" in finding.problem
    assert "git annex get" in finding.remedy and "`sound='track'`" in finding.remedy
    (both / "c.mp4").write_bytes((both / "b.mp4").read_bytes())
    ((recording, error),) = prepare(both, tmp_path / "ds", cut={"mode": "whole"}, split="recording").failures
    assert recording.id == "b" and error.problem.rstrip(".") == f"{finding.file}: {finding.problem}".rstrip(".")
    assert "`sound='track'`" in error.remedy


@pytest.mark.parametrize(("suffix", "name"), [("mp2", "MPEG audio layer 2"), ("wma", "Windows Media Audio")])
def test_sound_that_does_not_say_where_it_starts_is_a_warning(both: Path, suffix: str, name: str) -> None:
    (both / "B.wav").rename(both / f"b.{suffix}")
    (remark,) = [item for item in check(both).findings if item.severity == "warning"]
    assert f"{name} does not say how much silence its encoder has put first" in remark.problem
    assert "may be off" in remark.problem


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", [os.fsdecode(b"\x83e\x83X"), "x" * 240], ids=ascii)
def test_names_of_any_bytes_and_length_are_prepared(both: Path, tmp_path: Path, name: str) -> None:
    try:
        (both / "b.mp4").rename(both / f"{name}.mp4")
        (both / "B.wav").rename(both / f"{name}.wav")
    except OSError:
        pytest.skip("this file system has no such names")
    options = {"cut": {"mode": "every", "seconds": 0.7}, "split": "recording"}
    assert not check(both).wrong
    first = prepare(both, tmp_path / "ds", export_pairs=True, **options)
    assert len(first.utterances) > 1 and not first.failures
    assert prepare(both, tmp_path / "ds", export_pairs=True, **options).redone == 0
    assert not [item for item in check(tmp_path / "ds").findings if item.severity == "error"]
