"""Tokens, ellipses and mean frames of vowels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.vowels.space import (
    RecordedVowels,
    VowelSpace,
    VowelToken,
    by_label,
    ellipse_of,
    require_share,
)
from tables import rows_of

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
    space = VowelSpace([RecordedVowels("one", 1.0, TOKENS[:2]), RecordedVowels("two", 1.0, TOKENS[2:])])
    table, summary, *grids = space.save(tmp_path)
    assert [path.name for path in grids] == ["one_vowels.TextGrid", "two_vowels.TextGrid"]
    rows = rows_of(table)
    assert [row["f1_hz"] for row in rows] == ["700.0", "300.0", "740.0", ""]
    assert float(rows[0]["f1_bark"]) == pytest.approx(6.53, abs=0.02)
    a, i = rows_of(summary)
    assert (a["tokens"], a["mean_f1_hz"], a["median_f2_hz"]) == ("2", "720.0", "1250.0")
    assert float(a["sd_f1_hz"]) == pytest.approx(28.3, abs=0.1) and i["sd_f1_hz"] == "" and a["correlation"] == ""


def test_the_grid_holds_labels_and_formants(tmp_path: Path) -> None:
    RecordedVowels("two", 1.0, TOKENS[2:]).save(tmp_path / "two.TextGrid")
    grid = read_textgrid(tmp_path / "two.TextGrid")
    labels, formants = grid.tiers
    assert [(entry.start, entry.label) for entry in labels.entries] == [(0.2, "a"), (0.6, "a")]
    assert [entry.label for entry in formants.entries] == ["740 1300"]


def test_rows_of_a_notebook_are_numbers() -> None:
    space = VowelSpace([RecordedVowels("all", 1.0, TOKENS)])
    assert space.rows()[0]["f1_hz"] == 700.0 and space.rows()[3]["f1_bark"] is None
    a, i = space.summary()
    assert (a["tokens"], a["mean_f1_hz"], i["sd_f1_hz"], a["correlation"]) == (2, 720.0, None, None)
    assert repr(space) == "VowelSpace(4 vowels of 1 recording(s): a 2, i 1)"
    assert space.show("bark")._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, NAN])
def test_a_share_that_no_ellipse_holds(share: float) -> None:
    with pytest.raises(ConfigError, match="`share="):
        require_share(share)
