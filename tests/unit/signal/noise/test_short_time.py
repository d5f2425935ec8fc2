"""Pieces in blocks are those of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.signal.noise.short_time import hann, pieces_of, running_mean


@pytest.mark.parametrize("overlap", [0, 5])
@pytest.mark.parametrize("pieces", [1, 255, 256, 257, 600])
def test_blocks_hold_every_piece_once_apart_from_the_overlap(pieces: int, overlap: int) -> None:
    samples = np.arange(10 + 3 * (pieces - 1), dtype=np.float32)
    blocks = list(pieces_of(samples, 10, 3, overlap))
    firsts = [block[: 256 if number < len(blocks) - 1 else None, 0] for number, block in enumerate(blocks)]
    np.testing.assert_array_equal(np.concatenate(firsts), 3.0 * np.arange(pieces))
    assert list(pieces_of(samples[:9], 10, 3)) == []


def test_means_and_window() -> None:
    np.testing.assert_allclose(running_mean(np.array([1.0, 2.0, 6.0, 4.0]), 2), [1.5, 4.0, 5.0])
    window = hann(16)
    np.testing.assert_allclose(window[:8] + window[8:], 1.0)
