"""Vowels of recordings, from their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.analysis.vowels import vowels
from rtmri2speech.data.annotation.grid import moved
from rtmri2speech.data.media.textgrid import read_textgrid, write_textgrid
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import Silent
from talker import speak, write_recording

pytest.importorskip("parselmouth")


class Counted(Silent):
    expected = done = 0

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int = 1) -> None:
        self.done += count


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(speak(2.5, seed=5, size=32), tmp_path_factory.mktemp("said"), "said", textgrid=True)


def test_vowels_of_a_video_and_one_that_fails(said: Path, tmp_path: Path) -> None:
    counted = Counted()
    space = vowels([said, tmp_path / "none.wav"], label=["a", "i", "o"], progress=counted)
    assert counted.expected == counted.done == 2
    assert {token.label for token in space.tokens} == {"a", "i", "o"} == set(space.frames.counts)
    ((path, error),) = space.failures
    assert path.name == "none.wav" and error.remedy.endswith("`textgrid`.")


def test_one_textgrid_is_of_one_recording(said: Path) -> None:
    with pytest.raises(ConfigError, match=r"`textgrid=x\.TextGrid`: goes with one recording, not with 2"):
        vowels([said, said], textgrid=Path("x.TextGrid"))


def test_recordings_of_one_name_are_refused_and_none_are_none() -> None:
    with pytest.raises(ConfigError, match="2 recordings are called '001'") as caught:
        vowels(["A/001.wav", "B/001.wav"])
    assert "Rename one" in caught.value.remedy
    assert vowels([]).recordings == []


def test_frames_of_a_video_that_fails_do_not_count(said: Path) -> None:
    space = vowels([said], label=["a", "i", "o"], ceiling=50_000.0)
    assert len(space.failures) == 1 and space.frames.counts == {} == space.frames.sums


def test_labels_whose_times_start_elsewhere_are_said(said: Path, tmp_path: Path) -> None:
    grid = read_textgrid(said.with_suffix(".TextGrid"))
    write_textgrid(moved(grid, -100.0), tmp_path / "later.TextGrid")
    space = vowels([said], textgrid=tmp_path / "later.TextGrid", label=["a", "i", "o"])
    (note,) = space.notes
    assert "later.TextGrid: its times start at 100 s" in note
    assert space.tokens[0].start == pytest.approx(vowels([said], label=["a", "i", "o"]).tokens[0].start, abs=1e-6)
    assert vowels([said], label=["a"]).notes == []
