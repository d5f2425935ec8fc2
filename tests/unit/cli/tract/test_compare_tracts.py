"""``rtmri2speech compare-tracts``: what it writes, prints and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from plain_tracts import plain_tract
from rtmri2speech.vocal_tract.gestures.comparison import SECTION_COLUMNS
from tables import rows_of

Run = Callable[..., Any]


def file(folder: Path, name: str, scale: float) -> Path:
    area = scale * np.random.default_rng(0).uniform(2.0, 4.0, (60, 40))
    return plain_tract(60, name=name, area=area).save(folder)[0]


def test_two_tracts_become_tables_and_a_figure(run: Run, tmp_path: Path) -> None:
    one, other, out = file(tmp_path, "anna", 1.0), file(tmp_path, "ben", 1.5), tmp_path / "out"
    for name in ("anna", "ben"):
        lines = [f"{'ai'[number % 2]},{number / 10},{number / 10 + 0.1}" for number in range(12)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["label,start,end", *lines, ""]), encoding="utf-8")
    done = run("compare-tracts", one, "--with", other, "--out", out)
    assert done.code == 0 and "comparison.csv: ben against anna, sections that differ: all labels" in done.out, done.err
    assert "note: fewer than 10 tokens on a side (a, i)" in done.err
    assert tuple(rows_of(out / "comparison.csv")[0]) == SECTION_COLUMNS
    names = ["comparison.csv", "comparison.pdf", "comparison.png", "comparison.svg", "comparison_measures.csv"]
    assert sorted(path.name for path in out.iterdir()) == names
    done = run("compare-tracts", one, "--with", other, "--out", out, "--relative", "--label", "a", "--names", "x", "y")
    assert "y against x, sections that differ: a 0/40" in done.out


def test_what_cannot_be_is_refused_in_a_line(run: Run, tmp_path: Path) -> None:
    one = file(tmp_path, "anna", 1.0)
    done = run("compare-tracts", one, "--with", one, "--out", tmp_path, "--textgrid", "x.TextGrid")
    assert done.problem == "--textgrid: 1 given, and there are 2 tracts." and done.remedy
    (tmp_path / "anna.csv").write_text("label,start,end\nA,0.1,0.4\n", encoding="utf-8")
    done = run("compare-tracts", one, "--with", one, "--out", tmp_path)
    assert "holds no vowel of 30 ms or more" in done.problem
    assert done.remedy == "Name what counts: --label. Its labels are: A"
