"""Vowels of recordings, from their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.analysis.vowels import vowels
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
