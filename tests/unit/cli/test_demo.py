"""The demo runs the commands that the tutorial shows, under the same titles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rtmri2speech.assets import asset
from rtmri2speech.cli.demo import demo

TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial" / "demo.md"


def test_the_tutorial_shows_the_demos_titles_and_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rtmri2speech.cli.main.main", lambda words: 0)
    monkeypatch.chdir(tmp_path)
    assert demo() == 0
    text = capsys.readouterr().out.replace(str(asset("clip")), "src/rtmri2speech/assets/clip")
    printed = re.findall(r"^== (.*)\n(\$ .*)", text, flags=re.MULTILINE)
    page = TUTORIAL.read_text(encoding="utf-8")
    assert printed == re.findall(r"<!-- demo\.py: (.*) -->\n```text\n(\$ .*)", page) and len(printed) == 7
