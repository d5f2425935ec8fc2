"""One table of faithfulness and plausibility."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rtmri2speech.analysis.validation.clip_probe import Variant
from rtmri2speech.analysis.validation.summary_table import FAITHFULNESS, PHYSICS, POOLED, Score, summarize, write_scores
from rtmri2speech.errors import DatasetError

RIGHT, WRONG = Variant("hirescam", "centroid", 1), Variant("gradcam", "centroid", 32)


def score(variant: Variant, band: str, **values: float) -> Score:
    return Score(variant, band, values)


def test_one_table_of_both(tmp_path: Path) -> None:
    names = ["randomised_rank", "randomised_rank_absolute", "deletion_vs_random", "deletion_vs_best"]
    names += ["insertion_vs_random", "insertion_vs_best", "regions_signed"]
    faithful = [score(RIGHT, band, **dict.fromkeys(names, 0.5)) for band in ("F1", POOLED)]
    write_scores(tmp_path / FAITHFULNESS, faithful, {})
    (table, text) = summarize(tmp_path).save(tmp_path)
    assert "cosine" not in text.read_text(encoding="utf-8")
    numbers = {"cosine": 0.9, "cosine_even": 0.8, "rank": 0.8, "p": float("nan"), "p_specific": 0.02}
    physical = [score(variant, POOLED, **numbers, tract_density=2.0) for variant in (WRONG, RIGHT)]
    write_scores(tmp_path / PHYSICS, physical, {})
    found = summarize(tmp_path)
    assert found.save(tmp_path) == [table, text] and found.notes == []
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert list(rows.values()) == found.rows()
    assert len(rows) == 2 and rows["hirescam"]["deletion_vs_random"] == "0.5"
    assert rows["gradcam"]["deletion_vs_random"] == "" and rows["gradcam"]["cosine"] == "0.9"
    lines = text.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    (tmp_path / PHYSICS).write_text(f"method,target,cell_pixels,band\na,b,8,{POOLED}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"physics\.csv.*cosine"):
        summarize(tmp_path)
