from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.data.dataset.windows import tile, windows


@given(st.integers(0, 400), st.integers(1, 20), st.integers(0, 80))
def test_every_window_counts_in_exactly_one_segment(n: int, ref: int, extra: int) -> None:
    segment = ref + extra
    segments = tile(n, segment, ref)
    found = [w for start, stop, first in segments for w in range(start + first, stop - ref + 1)]
    assert found == list(range(n - ref + 1))
    for start, stop, first in segments:
        assert start >= 0 and first >= 0 and stop - start == min(segment, n) and stop <= n


def test_a_segment_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no window"):
        tile(100, 3, 4)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 3))
def test_windows_are_what_loops_would_cut(n: int, ref: int, dimensions: int) -> None:
    array = np.random.default_rng(n).normal(size=(n, *(2, 3, 4)[:dimensions]))
    if n < ref:
        with pytest.raises(ValueError, match=r"."):
            windows(array, ref)
        return
    expected = np.stack([array[start : start + ref] for start in range(n - ref + 1)])
    assert np.array_equal(windows(array, ref), expected)


def test_windows_are_a_view() -> None:
    array = np.zeros((50, 4, 4), np.uint8)
    assert np.shares_memory(windows(array, 4), array)
