"""Tokens, ellipses and mean frames of vowels."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.data.media.video import write_video
from rtmri2speech.phonetics.vowel_space import (
    MeanFrames,
    VowelToken,
    by_label,
    ellipse_of,
    write_vowel_grid,
    write_vowels,
)
from rtmri2speech.phonetics.vowels import Span
from rtmri2speech.reporting.video.sources import open_for_viewing

NAN = float("nan")
TOKENS = [
    VowelToken("one", "a", 0.1, 0.3, 700.0, 1200.0),
    VowelToken("one", "i", 0.5, 0.6, 300.0, 2200.0),
    VowelToken("two", "a", 0.2, 0.4, 740.0, 1300.0),
    VowelToken("two", "a", 0.6, 0.8, NAN, NAN),
]


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_an_ellipse_holds_its_share(share: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.multivariate_normal([500, 1500], [[900, 700], [700, 4000]], 20_000)
    ellipse = ellipse_of(values, share)
    assert ellipse is not None and np.linalg.norm(ellipse.axes[0]) >= np.linalg.norm(ellipse.axes[1])
    assert float(ellipse.axes[0] @ ellipse.axes[1]) == pytest.approx(0, abs=1e-6)
    inside = (((values - ellipse.mean) @ np.linalg.inv(ellipse.axes)) ** 2).sum(axis=1) <= 1
    assert inside.mean() == pytest.approx(share, abs=0.01)
    outline = (((ellipse.outline() - ellipse.mean) @ np.linalg.inv(ellipse.axes)) ** 2).sum(axis=1)
    np.testing.assert_allclose(outline, 1.0)


def test_few_tokens_have_no_ellipse() -> None:
    assert ellipse_of(np.zeros((2, 2)), 0.95) is None
    flat = ellipse_of(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), 0.95)
    assert flat is not None and np.isfinite(flat.outline()).all()


def test_tables(tmp_path: Path) -> None:
    assert {label: len(values) for label, values in by_label(TOKENS).items()} == {"a": 2, "i": 1}
    table, summary = write_vowels(TOKENS, tmp_path)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["f1_hz"] for row in rows] == ["700.0", "300.0", "740.0", ""]
    assert float(rows[0]["f1_bark"]) == pytest.approx(6.53, abs=0.02)
    with summary.open(encoding="utf-8", newline="") as file:
        a, i = csv.DictReader(file)
    assert (a["tokens"], a["mean_f1_hz"], a["median_f2_hz"]) == ("2", "720.0", "1250.0")
    assert float(a["sd_f1_hz"]) == pytest.approx(28.3, abs=0.1) and i["sd_f1_hz"] == "" and a["correlation"] == ""


def test_the_grid_holds_labels_and_formants(tmp_path: Path) -> None:
    write_vowel_grid(TOKENS[2:], 1.0, tmp_path / "two.TextGrid")
    grid = read_textgrid(tmp_path / "two.TextGrid")
    labels, formants = grid.tiers
    assert [(entry.start, entry.label) for entry in labels.entries] == [(0.2, "a"), (0.6, "a")]
    assert [entry.label for entry in formants.entries] == ["740 1300"]


def test_mean_frames_take_the_middle_third(tmp_path: Path) -> None:
    frames = np.full((50, 16, 16), 30, np.uint8)
    frames[:, :8] = 0
    frames[:, 8:12] = 255
    # 0.40 to 0.70 s: the middle third is 0.50 to 0.60 s, frames 25 to 29 at 50 a second.
    frames[25:30, 12:] = 200
    write_video(tmp_path / "v.mkv", frames, Fraction(50), lossless=True)
    clip = open_for_viewing(scan_video(tmp_path / "v.mkv"), Fraction(50), 16)
    made = MeanFrames()
    made.add(clip, Fraction(50), [Span("a", 0.4, 0.7), Span("i", 0.1, 0.12)], 0.0)
    assert made.counts == {"a": 5, "i": 1}
    means = made.means()
    assert means["a"][14, 5] == 200 and means["i"][14, 5] == 30
    # With a tenth of a second of sound before the picture, all lies earlier in it.
    late = MeanFrames()
    late.add(clip, Fraction(50), [Span("a", 0.5, 0.8), Span("u", 0.4, 0.7)], 0.1)
    assert late.means()["a"][14, 5] == 200 and late.means()["u"][14, 5] == 30
    (path,) = made.save(tmp_path)
    with np.load(path) as saved:
        assert saved["labels"].tolist() == ["i", "a"] and saved["frames"].shape == (2, 16, 16)
        assert saved["counts"].tolist() == [1, 5]
