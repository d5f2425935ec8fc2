"""Bars around the frames of a video that was exported at another shape: letterbox, white margins, captions on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.media.gray import GrayFrame

# A bar's pixels keep within this share of the range of gray values of its color: what a codec adds.
_RIPPLE = 0.02
# Share of a line of a bar that has its color; the rest may be letters.
_PLAIN = 0.7
# Lines next to a bar in which a codec mixes it with what lies within.
_MIXED = 1


def inside_bars(frames: Sequence[GrayFrame]) -> tuple[slice, slice]:
    """Rows and columns of some frames (H, W) of a recording that no bar covers; all of them where there is none.

    A bar is lines along an edge that have one color, in all frames and but for letters all along. What a scanner left
    black looks the same, so that it takes more than this to know what was added afterwards.
    """
    stack = np.stack(frames)
    height, width = stack.shape[1:]
    ripple = _RIPPLE * (2.0 ** (8 * stack.itemsize) - 1.0)
    low, high = stack.min(axis=0).astype(np.float64), stack.max(axis=0).astype(np.float64)
    rows, columns = slice(0, height), slice(0, width)
    # Bars at the sides count in rows, too: which rows are bars is known once columns are.
    for _ in range(2):
        rows = _between(low[:, columns], high[:, columns], ripple)
        columns = _between(low[rows].T, high[rows].T, ripple)
    return rows, columns


def _between(low: Float64, high: Float64, ripple: float) -> slice:
    """The lines (L, N) that lie between bars; all where nothing would be left."""
    first, last = (_bar(low[::step], high[::step], ripple) for step in (1, -1))
    start, stop = first + _MIXED * (first > 0), len(low) - last - _MIXED * (last > 0)
    return slice(start, stop) if stop > start else slice(0, len(low))


def _bar(low: Float64, high: Float64, ripple: float) -> int:
    """How many lines from the first one on are a bar."""
    color = float(np.median(low[0]))
    plain: Bool = (low >= color - ripple) & (high <= color + ripple)
    lines = plain.mean(axis=1) >= _PLAIN
    return len(lines) if lines.all() else int(np.argmin(lines))
