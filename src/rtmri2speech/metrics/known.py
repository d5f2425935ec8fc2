"""Means and spreads over what is known."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64


def mean_of_known(values: Float64) -> Float64:
    """Mean over the first axis of what is not NaN; NaN where nothing is known."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def spread_of_known(values: Float64) -> Float64:
    """Standard deviation (of a sample, n - 1) over the first axis; NaN where fewer than two values are known."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    squares = np.where(known, (values - mean_of_known(values)) ** 2, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan))
