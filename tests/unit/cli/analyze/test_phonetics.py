"""``analyze formants``, ``vowels``, ``kymograph`` and ``intensity`` on small recordings."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.media.audio import write_wav
from talker import speak, write_recording

pytest.importorskip("parselmouth")

Run = Callable[..., Any]
KINDS = ("pdf", "svg", "png")


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with sound and TextGrid."""
    return write_recording(speak(2.5, seed=5, size=32), tmp_path_factory.mktemp("labelled"), "said", textgrid=True)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_formants_of_a_video(run: Run, labelled: Path, tmp_path: Path) -> None:
    result = run("analyze", "formants", labelled, "--out", tmp_path, "--columns", 1)
    assert result.code == 0 and "ceiling 5000 Hz" in result.out
    figures = {f"said_formants.{kind}" for kind in KINDS}
    assert names_in(tmp_path) == {"said_formants.csv", "said.PitchTier", "said_voiced.TextGrid", *figures}
    assert len(rows_of(tmp_path / "said_formants.csv")) > 200


def test_vowels_of_videos_and_sounds_and_one_that_fails(run: Run, labelled: Path, talker: Path, tmp_path: Path) -> None:
    for end in (".wav", ".TextGrid"):
        shutil.copy(labelled.with_suffix(end), tmp_path / f"alone{end}")
    out = tmp_path / "out"
    words = ["--label", "a", "i", "o", "--tier", "phones", "--columns", 2]
    result = run("analyze", "vowels", labelled, talker, tmp_path / "alone.wav", "--out", out, *words)
    assert "no talker.TextGrid" in result.problem and "of 2 recording(s)" in result.out
    figures = {f"vowels_{name}.{kind}" for name in ("hz", "bark", "frames") for kind in KINDS}
    grids = {"said_vowels.TextGrid", "alone_vowels.TextGrid"}
    assert names_in(out) == {"vowels.csv", "vowels_summary.csv", "vowels_frames.npz", *grids, *figures}
    rows = rows_of(out / "vowels.csv")
    halves = [[row for row in rows if row["recording"] == name] for name in ("said", "alone")]
    assert len(halves[0]) == len(halves[1]) > 2
    assert [row["f1_hz"] for row in halves[0]] == [row["f1_hz"] for row in halves[1]]
    assert {row["label"] for row in rows} == {"a", "i", "o"}


def test_kymograph_and_intensity(run: Run, labelled: Path, tmp_path: Path) -> None:
    result = run("analyze", "kymograph", labelled, "--line", 4, 4, 4, 24.5, "--width", 3, "--out", tmp_path)
    assert result.code == 0 and "68 frames x 21 positions" in result.out
    assert np.load(tmp_path / "said_kymograph.npy").shape == (68, 21)
    words = ["--region", "lips", "tongue", "--smooth", 0.3, "--out", tmp_path, "--columns", 1]
    result = run("analyze", "intensity", labelled, *words)
    assert result.code == 0 and "order 2, 9 frames" in result.out
    assert {row["region"] for row in rows_of(tmp_path / "said_intensity.csv")} == {"lips", "tongue"}
    for name in ("kymograph", "intensity"):
        assert all((tmp_path / f"said_{name}.{kind}").is_file() for kind in KINDS)


BAD: list[tuple[str, list[Any], str]] = [
    ("formants", ["--ceiling", 10_500], "--ceiling 10500"),
    ("vowels", ["--ceiling", 20_000], "--ceiling 20000"),
    ("vowels", ["--share", 1], "--share 1"),
    ("vowels", ["--tier", "words"], "'words'"),
    ("vowels", ["--label", "q"], "no vowel"),
    ("vowels", ["--textgrid", "none.TextGrid"], "none.TextGrid"),
    ("kymograph", ["--line", 0, 0, 33, 5], "(33, 5)"),
    ("kymograph", ["--line", 1, 1, 1, 1], "shorter than a pixel"),
    ("kymograph", ["--line", 1, 1, 9, 1, "--width", 99], "--width 99"),
    ("intensity", ["--region", "nose"], "'nose'"),
    ("intensity", ["--smooth", 9], "--smooth 9"),
]


@pytest.mark.parametrize(("command", "words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, labelled: Path, tmp_path: Path, command: str, words: list[Any], named: str
) -> None:
    result = run("analyze", command, labelled, *words, "--out", tmp_path / "out")
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()


def test_a_sound_too_short_or_without_praat(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "short.wav", np.zeros(200), 20_000)
    assert "too short" in run("analyze", "formants", tmp_path / "short.wav", "--out", tmp_path / "o").problem
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("analyze", "formants", tmp_path / "short.wav", "--out", tmp_path / "o")
    assert "Praat is not installed" in result.problem and "rtmri2speech[phonetics]" in result.remedy
