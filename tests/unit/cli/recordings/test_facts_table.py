"""The table of ``check``: names are short, and enough to find a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtmri2speech.cli.recordings.facts_table import print_facts
from rtmri2speech.preparation.facts import RecordingFacts


@pytest.mark.parametrize(
    ("video", "sound", "words"),
    [
        ("a.mp4", "a.wav", "NAME.wav"),
        ("a.avi", "own track", "own track"),
        ("a.mkv", "own track 2 of 3", "own track 2 of 3"),
        ("wav.mp4", "b.wav", "b.wav"),
        ("a.mp4", None, "none"),
    ],
)
def test_the_sound_is_named(capsys: pytest.CaptureFixture[str], video: str, sound: str | None, words: str) -> None:
    print_facts([RecordingFacts(video, sound=sound)], [Path()])
    assert f" {words} " in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_no_unicode_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"in/\x83e.mp4")
    print_facts([RecordingFacts(name, sound="own track")], [Path("in")])
    assert "\\x83e.mp4" in capsys.readouterr().out
