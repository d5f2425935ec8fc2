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
    monkeypatch.setattr("rtmri2speech.cli.demo.pretrained", lambda: {"phantom": tmp_path, "strangers": tmp_path})
    monkeypatch.chdir(tmp_path)
    assert demo() == 0
    text = capsys.readouterr().out.replace(str(asset("")), "src/rtmri2speech/assets")
    printed = re.findall(r"^== (.*)\n(\$ .*)", text, flags=re.MULTILINE)
    page = TUTORIAL.read_text(encoding="utf-8")
    assert printed == re.findall(r"<!-- demo\.py: (.*) -->\n```text\n(\$ .*)", page) and len(printed) == 8


def test_without_the_model_for_strangers_the_rest_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rtmri2speech.cli.main.main", lambda words: 0)
    monkeypatch.setattr("rtmri2speech.cli.demo.pretrained", lambda: {"phantom": tmp_path})
    monkeypatch.chdir(tmp_path)
    assert demo() == 0
    text = capsys.readouterr().out
    assert "the model strangers is not installed" in text and "stranger_generated" not in text
