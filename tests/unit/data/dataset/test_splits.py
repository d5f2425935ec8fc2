from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.data.dataset.splits import check_ratio, split_blocks, split_units
from rtmri2speech.errors import ConfigError

RATIO = (80.0, 10.0, 10.0)
ratios = st.tuples(
    st.floats(0.01, 100, allow_subnormal=False),
    st.floats(0.01, 100, allow_subnormal=False),
    st.floats(0, 100, allow_subnormal=False),
)


@given(st.lists(st.text(max_size=4), min_size=1, max_size=60), ratios, st.integers(0, 2**31))
def test_every_unit_is_in_one_split(units: list[str], ratio: tuple[float, float, float], seed: int) -> None:
    splits = split_units(units, ratio, seed)
    assert set(splits) == set(units) and set(splits.values()) <= {"train", "validation", "test"}
    counts = {name: list(splits.values()).count(name) for name in ("train", "validation", "test")}
    assert counts["train"] >= 1
    if len(splits) >= 3:
        assert counts["validation"] >= 1
        # Validation is served before test where a large share leaves little.
        assert counts["test"] >= 1 or ratio[2] == 0 or counts["train"] == 1
    if ratio[2] == 0:
        assert counts["test"] == 0


@given(st.integers(10, 300))
def test_shares_are_met(n: int) -> None:
    splits = list(split_units([f"{i:04d}" for i in range(n)], RATIO, 42).values())
    assert abs(splits.count("validation") - n / 10) <= 1 and abs(splits.count("test") - n / 10) <= 1


@given(st.permutations([f"u{i}" for i in range(20)]))
def test_the_split_depends_on_names_and_seed_not_on_order(units: list[str]) -> None:
    assert split_units(units, RATIO, 42) == split_units(sorted(units), RATIO, 42)


def test_the_split_of_seed_42_stays_what_it_is() -> None:
    splits = split_units([f"u{i}" for i in range(20)], RATIO, 42)
    chosen = {name: sorted(unit for unit in splits if splits[unit] == name) for name in ("validation", "test")}
    assert chosen == EXPECTED
    assert split_units([f"u{i}" for i in range(20)], RATIO, 43) != splits


EXPECTED = {"validation": ["u1", "u7"], "test": ["u16", "u3"]}


@given(st.integers(0, 5000), ratios, st.integers(0, 50))
def test_blocks_are_apart_by_the_gap_and_in_order(n: int, ratio: tuple[float, float, float], gap: int) -> None:
    blocks = split_blocks(n, ratio, gap)
    shares = check_ratio(ratio)
    for split, start, stop in blocks:
        assert split in ("train", "validation", "test") and 0 <= start < stop <= n
    for (_, _, stop), (_, start, _) in pairwise(blocks):
        assert start - stop >= gap
    names = [block[0] for block in blocks]
    assert names == [name for name in ("train", "validation", "test") if name in names]
    # Only gaps are lost, and rounding.
    total = sum(stop - start for _, start, stop in blocks)
    assert total >= n - 2 * gap - 1
    for split, start, stop in blocks:
        wanted = shares[("train", "validation", "test").index(split)] * n
        assert wanted - gap - 1 <= stop - start <= wanted + 1


def test_blocks_of_a_long_recording() -> None:
    assert split_blocks(1000, RATIO, 4) == [("train", 0, 800), ("validation", 804, 900), ("test", 904, 1000)]


@pytest.mark.parametrize(
    "ratio", [(80, 20), (80, 10, 5, 5), (0, 50, 50), (80, 0, 20), (80, 30, -10), (), (math.nan, 1, 1), (math.inf, 1, 1)]
)
def test_an_impossible_ratio_is_refused(ratio: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match=r"`split_ratio=\("):
        check_ratio(ratio)


def test_shares_sum_to_one() -> None:
    assert check_ratio((8, 1, 1)) == pytest.approx((0.8, 0.1, 0.1))
