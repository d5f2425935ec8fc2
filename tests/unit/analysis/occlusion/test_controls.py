"""Where control regions lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.analysis.occlusion.controls import place_controls


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((size, size)) + 0.5
    return np.hypot(columns - x, rows - y) <= radius


@given(seed=st.integers(0, 50), radius=st.floats(2, 7))
def test_controls_have_the_regions_area_and_lie_on_no_articulator(seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    paths = [disc(64, 30 + step, 30, radius) for step in range(4)]
    footprint = np.mean(paths, axis=0)
    taken = (footprint > 0) | disc(64, 45, 45, 8)
    picture = rng.random((64, 64))
    controls = place_controls(footprint, taken, picture, 3, [seed])
    assert len(set(controls)) == 3 and controls == place_controls(footprint, taken, picture, 3, [seed])
    assert controls != place_controls(footprint, taken, picture, 3, [seed + 1])
    for one in controls:
        for mask in paths:
            assert one.apply(mask).sum() == mask.sum()
        moved = np.mean([one.apply(mask) for mask in paths], axis=0)
        overlap = (moved * taken).sum() / footprint.sum()
        assert overlap == pytest.approx(one.overlap, abs=1e-9) and overlap <= 0.02
        assert one.brightness == pytest.approx((moved * picture).sum() / footprint.sum())
        # None was turned over an edge to the other side.
        assert all(
            np.ptp(axis) <= np.ptp(other) for axis, other in zip(moved.nonzero(), footprint.nonzero(), strict=True)
        )


def test_controls_are_as_bright_as_their_region_where_they_can_be() -> None:
    picture = np.zeros((64, 64))
    picture[:, 32:] = 0.8
    region = disc(64, 50, 20, 5).astype(float)
    controls = place_controls(region, region > 0, picture, 4, [0])
    assert [one.brightness for one in controls] == pytest.approx([0.8] * 4)


def test_controls_where_there_is_little_room() -> None:
    picture = np.zeros((32, 32))
    whole = np.ones((32, 32))
    assert place_controls(whole, whole > 0, picture, 2, [0]) == []
    assert place_controls(np.zeros((32, 32)), whole > 0, picture, 2, [0]) == []
    taken = np.ones((32, 32), bool)
    (control,) = place_controls(disc(32, 16, 16, 5).astype(float), taken, picture, 1, [0])
    assert control.overlap == pytest.approx(1.0)
