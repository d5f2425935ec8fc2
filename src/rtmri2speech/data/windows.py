"""Where windows of a few frames lie in an utterance: views of all of them, and segments that hold each once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tile(n_frames: int, segment_frames: int, ref_frames: int) -> list[tuple[int, int]]:
    """Cut an utterance into segments (start, stop) such that every window lies in exactly one.

    Neighbouring segments overlap by ref_frames - 1 frames; the last one may be shorter. An utterance
    shorter than a window gives none.

    Raises:
        ValueError: when a segment is shorter than a window.
    """
    if segment_frames < ref_frames:
        raise ValueError(f"a segment of {segment_frames} frames holds no window of {ref_frames}")
    step = segment_frames - ref_frames + 1
    return [(start, min(start + segment_frames, n_frames)) for start in range(0, n_frames - ref_frames + 1, step)]


def windows(frames: NDArray[np.generic], ref_frames: int) -> NDArray[np.generic]:
    """All windows of an utterance as a view: (T, ...) to (T - r + 1, r, ...)."""
    view = np.lib.stride_tricks.sliding_window_view(frames, ref_frames, axis=0)
    return np.moveaxis(view, -1, 1)
