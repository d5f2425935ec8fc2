"""Retiming: source frames at any times to the feature clock, frame by frame as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, Float64, Int64

SAME_RATE_TOLERANCE = 1e-5
"""Relative difference of frame rates below which a source is used as it is (ATR-503: 4e-6)."""

# Share of a frame by which a frame of a constant rate may be early or late.
_REGULAR = 0.1

# Output frames computed in one matrix product.
_BLOCK = 64


@dataclass(frozen=True)
class Retiming:
    """Every output frame as a weighted mean of a run of source frames.

    Attributes:
        first: shape (T,), index of the run's first source frame; never decreasing.
        weights: shape (T, K), weights of source frames first .. first + K - 1; each row sums to 1.
        identity: True when the source is used as it is.
    """

    first: Int64
    weights: Float32
    identity: bool

    def __len__(self) -> int:
        return len(self.first)

    @property
    def last(self) -> Int64:
        """Shape (T,), index of the last source frame that has a part in each output frame."""
        unused = np.argmax(self.weights[:, ::-1] > 0, axis=1)
        return np.asarray(self.first + self.weights.shape[1] - 1 - unused, np.int64)

    def apply(self, source: Iterable[NDArray[np.integer]]) -> Iterator[NDArray[np.integer] | Float32]:
        """Retime a stream of frames (h, w); yields blocks (n, h, w), n at most 64, in order.

        Blocks are float32, or of the source's own type where its frames are used as they are. Memory is bounded
        by a block, whatever the length of the stream.
        """
        frames = iter(source)
        buffer: list[NDArray[np.integer]] = []
        base = 0
        width = self.weights.shape[1]
        for start in range(0, len(self), _BLOCK):
            first = self.first[start : start + _BLOCK]
            weights = self.weights[start : start + _BLOCK]
            low, high = int(first[0]), int(first[-1]) + width
            used = min(low - base, len(buffer))
            del buffer[:used]
            base += used
            while base < low:  # source frames that no output frame uses
                if next(frames, None) is None:
                    return
                base += 1
            while base + len(buffer) < high:
                frame = next(frames, None)
                if frame is None:
                    break
                buffer.append(frame)
            if not buffer:
                return
            if self.identity:
                yield np.stack(buffer[: len(first)])
                continue
            stack = np.stack(buffer).astype(np.float32)
            matrix = np.zeros((len(first), len(buffer)), dtype=np.float32)
            for row, (start_at, values) in enumerate(zip(first - low, weights, strict=True)):
                kept = values[: len(buffer) - start_at]
                matrix[row, start_at : start_at + len(kept)] = kept
            flat = matrix @ stack.reshape(len(stack), -1)
            yield flat.reshape(len(first), *stack.shape[1:])


def plan_retiming(starts: Float64, end: float, rate: Fraction) -> Retiming:
    """Plan the change from source times to a constant frame rate.

    A source faster than ``rate`` is averaged over each output frame's duration, weighted by overlap;
    a slower one is interpolated linearly between the frames' centers. Output frame j covers
    ``starts[0] + j / rate`` to ``starts[0] + (j + 1) / rate``; a last partial frame is dropped.

    Args:
        starts: shape (n,), increasing display times of the source frames, seconds.
        end: end of the last source frame, seconds.
        rate: output frames per second.
    """
    edges = np.append(starts, end) - starts[0]
    duration = edges[-1]
    n = len(starts)
    target = float(rate)
    # The same mean rate is not enough: where frames were dropped or late, their times must count.
    irregularity = np.abs(edges - np.linspace(0.0, duration, n + 1)).max() * target
    if abs(n / duration / target - 1.0) < SAME_RATE_TOLERANCE and irregularity < _REGULAR:
        return Retiming(np.arange(n), np.ones((n, 1), np.float32), identity=True)
    # A millionth of a frame is rounding, not time.
    count = int(np.floor(duration * target + 1e-6))
    if n / duration > target:
        first, weights = _area(edges, count, target)
    else:
        first, weights = _linear((edges[:-1] + edges[1:]) / 2, count, target)
    return Retiming(first, weights.astype(np.float32), identity=False)


def _area(edges: Float64, count: int, rate: float) -> tuple[Int64, Float64]:
    start = np.arange(count) / rate
    stop = np.arange(1, count + 1) / rate
    last_frame = len(edges) - 2
    first = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, last_frame)
    last = np.clip(np.searchsorted(edges, stop, side="left") - 1, first, last_frame)
    width = int((last - first).max(initial=0)) + 1
    index = first[:, None] + np.arange(width)
    inside = np.minimum(index, last_frame)
    overlap = np.minimum(edges[inside + 1], stop[:, None]) - np.maximum(edges[inside], start[:, None])
    overlap = np.where(index <= last[:, None], np.maximum(overlap, 0.0), 0.0)
    return first, overlap / overlap.sum(axis=1, keepdims=True)


def _linear(centers: Float64, count: int, rate: float) -> tuple[Int64, Float64]:
    times = np.clip((np.arange(count) + 0.5) / rate, centers[0], centers[-1])
    if len(centers) == 1:
        return np.zeros(count, np.int64), np.ones((count, 1))
    first = np.clip(np.searchsorted(centers, times, side="right") - 1, 0, len(centers) - 2)
    after = (times - centers[first]) / (centers[first + 1] - centers[first])
    return first, np.stack([1.0 - after, after], axis=1)
