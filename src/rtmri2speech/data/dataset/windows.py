"""Where windows of a few frames lie in an utterance: views of all of them, and segments that count each once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Segment(NamedTuple):
    """A stretch of an utterance.

    Attributes:
        start, stop: frames.
        first: number, within the segment, of its first window that no earlier segment has.
    """

    start: int
    stop: int
    first: int


def tile(n_frames: int, segment_frames: int, ref_frames: int) -> list[Segment]:
    """Cut an utterance into segments such that every window counts in exactly one.

    Neighboring segments overlap by ref_frames - 1 frames. The last one is moved back to be as long as the others,
    because a GPU works fastest on batches that all have one shape; windows that the segment before has already
    do not count there again. An utterance shorter than a segment gives one as long as itself; one shorter than a
    window gives none.

    Raises:
        ValueError: when a segment is shorter than a window.
    """
    if segment_frames < ref_frames:
        raise ValueError(f"a segment of {segment_frames} frames holds no window of {ref_frames}")
    step = segment_frames - ref_frames + 1
    segments = []
    for window in range(0, n_frames - ref_frames + 1, step):
        start = max(0, min(window, n_frames - segment_frames))
        segments.append(Segment(start, min(start + segment_frames, n_frames), window - start))
    return segments


def windows(frames: NDArray[np.generic], ref_frames: int) -> NDArray[np.generic]:
    """All windows of an utterance as a view: (T, ...) to (T - r + 1, r, ...)."""
    view = np.lib.stride_tricks.sliding_window_view(frames, ref_frames, axis=0)
    return np.moveaxis(view, -1, 1)
