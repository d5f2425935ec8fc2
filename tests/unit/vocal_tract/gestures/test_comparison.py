"""Two sides compared: differences, intervals, labels that both have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.vocal_tract.gestures.comparison import (
    COMBINED,
    MEASURE_COLUMNS,
    SECTION_COLUMNS,
    compare,
)
from rtmri2speech.vocal_tract.gestures.figures import draw_comparison
from rtmri2speech.vocal_tract.gestures.tokens import SCALARS, TractToken, TractTokens
from tables import rows_of

QUICK = Bootstrap(resamples=400)


def side(name: str, counts: dict[str, int], bump: float = 0.0, seed: int = 0, scale: float = 1.0) -> TractTokens:
    """Tokens of about 3 cm2 everywhere, in sections 20 to 24 ``bump`` more."""
    rng = np.random.default_rng(seed)
    tokens = []
    for label, count in counts.items():
        for number in range(count):
            area = 3.0 + 0.2 * rng.standard_normal(40)
            area[20:25] += bump
            scalars = dict.fromkeys(SCALARS, 1.0) | {"F1_hz": 500.0 + 100.0 * bump + 10.0 * rng.standard_normal()}
            tokens.append(TractToken(name, label, number, number + 0.2, 5, scalars, scale * area, 10.0 * area))
    return TractTokens(name, tuple(tokens))


def test_differences_are_found_where_they_are() -> None:
    found = compare(side("x", {"a": 12, "i": 8}), side("y", {"a": 10, "i": 9}, 1.0, seed=1), bootstrap=QUICK)
    assert [one.label for one in found.differences] == [COMBINED, "a", "i"] and found.names == ("x", "y")
    for one in found.differences:
        np.testing.assert_allclose(one.difference[20:25], 1.0, atol=0.35)
        assert one.excludes_0[20:25].all() and one.excludes_0_everywhere[20:25].all()
        assert one.excludes_0_everywhere[:20].sum() == 0 and one.excludes_0[:20].sum() <= 4
        assert (one.everywhere[:, 0] <= one.interval[:, 0] + 0.1).all()
        assert ((one.interval[:, 0] <= one.difference) & (one.difference <= one.interval[:, 1])).all()
    f1 = SCALARS.index("F1_hz")
    assert found.measures[1].difference[f1] == pytest.approx(100.0, abs=15.0) and found.measures[1].excludes_0[f1]
    assert not found.measures[1].excludes_0[0]


def test_every_label_counts_the_same_in_the_mean_over_labels() -> None:
    found = compare(side("x", {"a": 30, "i": 3}), side("y", {"a": 3, "i": 30}, 1.0, seed=1), bootstrap=QUICK)
    both, a, i = found.differences
    np.testing.assert_allclose(both.difference, 0.5 * (a.difference + i.difference))
    assert both.combined and found.rows()[0]["tokens_a"] is None


def test_equal_sides_differ_nowhere_and_exchanged_sides_change_the_sign() -> None:
    one, other = side("x", {"a": 9}), side("y", {"a": 9}, 1.0, seed=3)
    same = compare(one, one, bootstrap=QUICK).differences[0]
    np.testing.assert_array_equal(same.difference, 0.0)
    assert not same.excludes_0.any() and not same.combined
    there, back = (compare(*pair, bootstrap=QUICK).differences[0] for pair in ((one, other), (other, one)))
    np.testing.assert_allclose(there.difference, -back.difference)


def test_relative_areas_know_no_size() -> None:
    small, large = side("x", {"a": 9}), side("y", {"a": 9}, scale=2.0)
    found = compare(small, large, relative=True, bootstrap=QUICK)
    np.testing.assert_allclose(found.differences[0].difference, 0.0, atol=1e-12)
    assert found.differences[0].mean_first.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(compare(small, large, bootstrap=QUICK).differences[0].difference, 3.0, atol=0.3)


def test_intervals_hold_what_they_say() -> None:
    """Of sides that differ by nothing, each section's interval holds 0 in some 95 %, all of them at once in as many."""
    alone, at_once = [], []
    for seed in range(60):
        pair = (side(name, {"a": 25}, seed=2 * seed + number) for number, name in enumerate("xy"))
        one = compare(*pair, bootstrap=QUICK).differences[0]
        alone.append(1.0 - one.excludes_0.mean())
        at_once.append(not one.excludes_0_everywhere.any())
    assert 0.90 < np.mean(alone) < 0.97 and 0.80 <= np.mean(at_once) <= 1.0


def test_a_single_token_has_no_interval_and_does_not_enter_the_mean() -> None:
    found = compare(side("x", {"a": 6, "i": 1}), side("y", {"a": 6, "i": 6}, 1.0), bootstrap=QUICK)
    both, a, i = found.differences
    assert np.isnan(i.interval).all() and np.isnan(i.everywhere).all() and np.isfinite(i.difference).all()
    np.testing.assert_allclose(both.difference, a.difference)
    assert found.notes == (
        "a single token on a side (i): not counted in 'all labels'.",
        "fewer than 10 tokens on a side (a, i): intervals are missing or too narrow there.",
    )


def test_unknown_sections_stay_unknown() -> None:
    one, other = side("x", {"a": 6}), side("y", {"a": 6}, 1.0, seed=1)
    for token in other.tokens:
        token.area[:3] = np.nan
    one.tokens[0].area[5] = np.nan
    difference = compare(one, other, bootstrap=QUICK).differences[0]
    assert np.isnan(difference.difference[:3]).all() and np.isnan(difference.interval[:3]).all()
    assert np.isfinite(difference.difference[3:]).all() and difference.excludes_0[22]


def test_labels_of_one_side_alone() -> None:
    found = compare(side("x", {"a": 10, "o": 6}), side("y", {"a": 10, "u": 6}), bootstrap=QUICK)
    assert [one.label for one in found.differences] == ["a"]
    assert found.notes == ("only x has o; not compared.", "only y has u; not compared.")
    with pytest.raises(ConfigError, match="no label is on both sides: x has a and y has u"):
        compare(side("x", {"a": 6}), side("y", {"u": 6}))


def test_tables_and_figures(tmp_path: Path) -> None:
    found = compare(side("x", {"a": 6, "i": 6}), side("y", {"a": 6, "i": 7}, 1.0), bootstrap=QUICK)
    sections, measures = (rows_of(path) for path in found.save(tmp_path))
    assert len(sections) == 3 * 40 and tuple(sections[0]) == SECTION_COLUMNS
    assert len(measures) == 3 * len(SCALARS) and tuple(measures[0]) == MEASURE_COLUMNS
    row = sections[40 + 22]
    assert (row["label"], row["section"], row["percent"], row["excludes_0"]) == ("a", "22", "56.25", "True")
    assert float(row["low"]) < float(row["difference"]) < float(row["high"])
    assert repr(found).startswith("y against x, sections that differ: all labels ")
    assert found.show()._repr_png_() and len(draw_comparison(tmp_path / "comparison", found)) == 3


def test_draws_of_labels_are_independent() -> None:
    def values(seed: int) -> Float64:
        return np.random.default_rng(seed).standard_normal((8, 1))

    first, second = values(0), values(1)
    one, same, other = (QUICK.differences(first, second, stream)[:, 0] for stream in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2
