"""Options of ``simulate``, none of which gets as far as simulating."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.simulation import phantom
from rtmri2speech.simulation.speaker.speaker_file import SpeakerFile

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--minutes", 0),
        ("--seed", -1),
        ("--utterance-seconds", 1),
        ("--matrix", 15),
        ("--matrix", 257),
        ("--snr", 0),
        ("--undersampling", 1.5),
        ("--scanner-snr", -21),
        ("--speakers", 0),
        ("--fps", 0),
        ("--fps", "1e9"),
        ("--fps", 5),
        ("--field-of-view", 10),
        ("--pixel-mm", -1),
        ("--pixel-mm", "nan"),
        ("--look", "unheard-of"),
    ],
)
def test_an_impossible_value_names_the_option_as_it_was_typed(
    run: Run, tmp_path: Path, option: str, value: object
) -> None:
    result = run("simulate", "--out", tmp_path / "new", option, value)
    assert option in result.problem and "scanner." not in result.problem and "_" not in result.problem
    assert not (tmp_path / "new").exists()


def test_speakers_are_drawn_or_read_but_not_both(run: Run, tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("anna: {sex: female}\n", encoding="utf-8")
    result = run("simulate", "--out", tmp_path / "new", "--anatomy", people, "--speakers", 2)
    assert "--speakers and --anatomy" in result.problem
    assert not (tmp_path / "new").exists()


def test_a_missing_file_of_speakers_is_called_a_file(run: Run, tmp_path: Path) -> None:
    result = run("simulate", "--out", tmp_path / "new", "--anatomy", tmp_path / "none.yaml")
    assert result.problem == f"{tmp_path / 'none.yaml'}: no such file."


@pytest.mark.parametrize("option", ["--text", "--speaker-file"])
def test_files_that_cannot_be_read_are_named(run: Run, tmp_path: Path, option: str) -> None:
    for path in (tmp_path / "none", tmp_path):
        result = run("simulate", "--out", tmp_path / "new", option, path)
        assert result.problem.startswith(f"{path}: cannot be read")
    assert not (tmp_path / "new").exists()


def test_two_files_of_one_name_are_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phantom, "read_speaker_file", lambda path: SpeakerFile(path, "", path.parent.name, None))
    files = [tmp_path / "a" / "anna.speaker", tmp_path / "b" / "Anna.speaker"]
    result = run("simulate", "--out", tmp_path / "new", "--speaker-file", *files)
    assert result.problem == "two speakers would share the folder 'anna'."
    assert not (tmp_path / "new").exists()


def test_poses_have_no_speech_and_no_scanner(run: Run, tmp_path: Path) -> None:
    result = run("simulate", "--out", tmp_path / "new", "--poses", 5, "--snr", 20)
    assert result.problem == "--poses and --snr exclude each other."
    result = run("simulate", "--out", tmp_path / "new", "--poses", 0)
    assert "--poses" in result.problem
    assert not (tmp_path / "new").exists()
