"""Options of ``simulate``, none of which gets as far as simulating."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    ],
)
def test_an_impossible_value_names_the_option_as_it_was_typed(
    run: Run, tmp_path: Path, option: str, value: float
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


def test_poses_have_no_speech_and_no_scanner(run: Run, tmp_path: Path) -> None:
    result = run("simulate", "--out", tmp_path / "new", "--poses", 5, "--snr", 20)
    assert result.problem == "--poses and --snr exclude each other."
    result = run("simulate", "--out", tmp_path / "new", "--poses", 0)
    assert "--poses" in result.problem
    assert not (tmp_path / "new").exists()
