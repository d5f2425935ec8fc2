"""Pieces of a sound and their spectra, in blocks, so that an hour of it needs little memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rtmri2speech.arrays import Float32, Float64

_BLOCK = 256
"""Pieces at a time."""


def pieces_of(samples: Float32, size: int, step: int, overlap: int = 0) -> Iterator[Float64]:
    """Pieces of a sound, in blocks of shape (up to 256 + overlap, size).

    Args:
        samples: shape (N,).
        size: samples per piece.
        step: samples from the start of one to that of the next.
        overlap: pieces that a block has in common with the one after it.
    """
    if len(samples) < size:
        return
    views = sliding_window_view(samples, size)[::step]
    for start in range(0, max(1, len(views) - overlap), _BLOCK):
        yield views[start : start + _BLOCK + overlap].astype(np.float64)


def hann(size: int) -> Float64:
    """Periodic Hann window, shape (size,): shifted by half or a quarter of it, windows sum up to a constant."""
    return np.asarray(0.5 - 0.5 * np.cos(np.arange(size) * (2.0 * np.pi / size)))


def running_mean(values: Float64, count: int) -> Float64:
    """Means over ``count`` neighbors along the first axis: shape (T - count + 1, ...)."""
    sums = np.cumsum(np.concatenate([np.zeros((1, *values.shape[1:])), values]), axis=0)
    return np.asarray((sums[count:] - sums[:-count]) / count)
