"""``analyze intensity`` on a small recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.data.labels import GROUPS, label_names
from rtmri2speech.vocal_tract import segmenter
from tables import rows_of

Run = Callable[..., Any]
KINDS = ("pdf", "svg", "png")


def test_the_intensity_of_regions_of_a_video(run: Run, labelled: Path, tmp_path: Path) -> None:
    words = ["--region", "lips", "tongue", "--smooth", 0.3, "--out", tmp_path, "--columns", 1]
    result = run("analyze", "intensity", labelled, *words)
    assert result.code == 0 and "order 2, 9 frames" in result.out
    assert {row["region"] for row in rows_of(tmp_path / "said_intensity.csv")} == {"lips", "tongue"}
    assert all((tmp_path / f"said_intensity.{kind}").is_file() for kind in KINDS)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--region", "nose"], "'nose'"),
        (["--smooth", 9], "--smooth 9"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, labelled: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    result = run("analyze", "intensity", labelled, *words, "--out", tmp_path / "out")
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()


def test_regions_are_found_and_kept(
    run: Run, labelled: Path, tmp_path: Path, tiny_segmenter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter, "find_model", lambda model: tiny_segmenter)
    words = ["analyze", "intensity", labelled, "--regions", "auto", "--out", tmp_path]
    result = run(*words)
    assert result.code == 0 and f"kept in {tmp_path / 'said_regions.npz'}" in result.err
    assert {row["region"] for row in rows_of(tmp_path / "said_intensity.csv")} < {*label_names(), *GROUPS}
    assert "kept in" not in run(*words).err
