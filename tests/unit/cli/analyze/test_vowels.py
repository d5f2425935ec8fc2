"""``analyze vowels`` on small recordings."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tables import rows_of

pytest.importorskip("parselmouth")

Run = Callable[..., Any]
KINDS = ("pdf", "svg", "png")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


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


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--ceiling", 20_000], "--ceiling 20000"),
        (["--share", 1], "--share 1"),
        (["--tier", "words"], "'words'"),
        (["--label", "q"], "no vowel"),
        (["--textgrid", "none.TextGrid"], "none.TextGrid"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, labelled: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    result = run("analyze", "vowels", labelled, *words, "--out", tmp_path / "out")
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()
