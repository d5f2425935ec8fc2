"""Dilation by shifts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from rtmri2speech.vocal_tract.refinement.neighbors import spread


@pytest.mark.parametrize("shape", [(9, 14), (1, 1), (1, 5), (6, 1)])
def test_a_mask_spreads_as_scipy_dilates(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) > 0.8
    before = mask.copy()
    np.testing.assert_array_equal(spread(mask), binary_dilation(mask, np.ones((3, 3))))
    np.testing.assert_array_equal(mask, before)


def test_bits_spread_each_by_itself() -> None:
    bits = np.zeros((3, 5), np.uint8)
    bits[0, 0], bits[2, 2] = 1, 4
    np.testing.assert_array_equal(spread(bits), [[1, 1, 0, 0, 0], [1, 5, 4, 4, 0], [0, 4, 4, 4, 0]])
