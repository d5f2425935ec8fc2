"""``analyze formants`` on small recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.phonetics import praat
from tables import rows_of

pytest.importorskip("parselmouth")

Run = Callable[..., Any]
KINDS = ("pdf", "svg", "png")


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_formants_of_a_video(run: Run, labelled: Path, tmp_path: Path) -> None:
    result = run("analyze", "formants", labelled, "--out", tmp_path, "--columns", 1)
    assert result.code == 0 and "ceiling 5000 Hz" in result.out
    figures = {f"said_formants.{kind}" for kind in KINDS}
    assert names_in(tmp_path) == {"said_formants.csv", "said.PitchTier", "said_voiced.TextGrid", *figures}
    assert len(rows_of(tmp_path / "said_formants.csv")) > 200


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--ceiling", 10_500], "--ceiling 10500"),
        (["--ceiling", 5.5], "--ceiling 5.5"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, labelled: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    result = run("analyze", "formants", labelled, *words, "--out", tmp_path / "out")
    assert named in result.problem and result.remedy
    assert not (tmp_path / "out").exists()


def test_a_sound_too_short_or_without_praat(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "short.wav", np.zeros(200), 20_000)
    assert "too short" in run("analyze", "formants", tmp_path / "short.wav", "--out", tmp_path / "o").problem
    monkeypatch.setattr(praat, "find_spec", lambda name: None)
    result = run("analyze", "formants", tmp_path / "short.wav", "--out", tmp_path / "o")
    assert "Praat is not installed" in result.problem and "rtmri2speech[phonetics]" in result.remedy
