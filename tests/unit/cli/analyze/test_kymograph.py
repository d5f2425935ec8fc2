"""``analyze kymograph`` on a small recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_head import head
from rtmri2speech.vocal_tract import segmenter
from rtmri2speech.vocal_tract.refinement.tongue_parts import cut_tongue
from rtmri2speech.vocal_tract.segment import segment

Run = Callable[..., Any]
KINDS = ("pdf", "svg", "png")


def test_a_kymograph_of_a_video(run: Run, labelled: Path, tmp_path: Path) -> None:
    result = run("analyze", "kymograph", labelled, "--line", 4, 4, 4, 24.5, "--width", 3, "--out", tmp_path)
    assert result.code == 0 and "68 frames x 21 positions" in result.out
    assert np.load(tmp_path / "said_kymograph.npy").shape == (68, 21)
    assert all((tmp_path / f"said_kymograph.{kind}").is_file() for kind in KINDS)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--line", 0, 0, 33, 5], "(33, 5)"),
        (["--line", 1, 1, 1, 1], "shorter than a pixel"),
        (["--line", 1, 1, 9, 1, "--width", 99], "--width 99"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, labelled: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    result = run("analyze", "kymograph", labelled, *words, "--out", tmp_path / "out")
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()


def test_a_line_is_needed_and_may_be_found(
    run: Run, labelled: Path, tmp_path: Path, tiny_segmenter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the labels of the folder, which segment has written for this video."""
    monkeypatch.setattr(segmenter, "find_model", lambda model: tiny_segmenter)
    assert "--line and --across" in run("analyze", "kymograph", labelled, "--out", tmp_path).problem
    found = segment(labelled)
    labels = np.stack([cut_tongue(head(size=32))] * len(found.labels))
    replace(found, labels=labels, confidence=np.ones(len(labels), np.float32)).save(tmp_path)
    result = run("analyze", "kymograph", labelled, "--across", "lips", "velum", "--out", tmp_path)
    assert result.code == 0 and "said_velum_kymograph.csv: 68 frames" in result.out and "was there" in result.err
    for place in ("lips", "velum"):
        assert all((tmp_path / f"said_{place}_kymograph.{kind}").is_file() for kind in KINDS)
