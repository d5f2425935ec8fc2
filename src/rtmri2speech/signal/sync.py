"""How far sound and frames are apart, estimated from what both show: movement and loudness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.arrays import Float32, Float64, Int64

# Sides of the small frame, principal components of it, and hertz of the bands of the sound.
_SIDE, _COMPONENTS = 24, 4
_BANDS = ((100, 800), (800, 2000), (2000, 5000))
_LOWEST_DB = -40.0

# Seconds between two moments that are compared, length of the sound's window, and largest offset that is looked for.
_STEP, _WINDOW = 0.02, 0.03
LARGEST_OFFSET = 2.0
"""Seconds within which an offset is looked for, or a fifth of a recording that is shorter than 10 s."""

# Parts of the recording, of which each is predicted from the others; moments left out around it; ridge.
_FOLDS, _MARGIN, _RIDGE = 4, 10, 0.02
# Offsets closer to the best one than this, seconds, are its own peak; by this much variance it must stand out.
_PEAK, _CLEAR = 0.25, 0.2

_SHORTEST = 50
"""Moments that are needed for an estimate."""


@dataclass(frozen=True)
class SyncEstimate:
    """An estimated offset between sound and frames.

    Attributes:
        offset: seconds by which the sound is late (negative: early), as ``sync_offset`` would have to be changed.
            Movement precedes the sound that it makes, so that 0 to 0.1 s is what a recording in sync shows.
        confidence: 0 (no offset fits better than others) to 1.
        explained: share of the loudness's variance that movement predicts at that offset.
    """

    offset: float
    confidence: float
    explained: float


class MotionTrack:
    """Gathers small frames of a video, whatever its length, for :func:`estimate_sync`."""

    def __init__(self) -> None:
        self._frames: list[Float32] = []

    def add(self, frames: Iterable[NDArray[np.integer]]) -> MotionTrack:
        """Take frames (h, w) in order."""
        for frame in frames:
            rows, columns = (max(1, side // _SIDE) for side in frame.shape)
            height, width = frame.shape[0] // rows * rows, frame.shape[1] // columns * columns
            cells = frame[:height, :width].reshape(height // rows, rows, width // columns, columns)
            self._frames.append(cells.mean((1, 3), dtype=np.float32).ravel())
        return self

    def features(self, skipped: int) -> Float64:
        """Shape (T, 5): the principal components of the frames, and the logarithm of their motion energy.

        Args:
            skipped: frames at the start that are left out.
        """
        frames = np.array(self._frames[skipped:], np.float64)
        moved = np.log(np.abs(np.diff(frames, axis=0)).mean(axis=1) + 1e-3)
        centered = frames - frames.mean(axis=0)
        # Through the cells' covariance, which stays small however long the video is.
        _, vectors = np.linalg.eigh(centered.T @ centered)
        components = centered @ vectors[:, -_COMPONENTS:]
        energy = np.interp(np.arange(len(frames)), np.arange(len(moved)) + 0.5, moved)
        return np.column_stack([components, energy])


def estimate_sync(motion: Float64, centers: Float64, samples: Float32, rate: int, start: float) -> SyncEstimate | None:
    """The offset at which movement predicts the loudness of the sound best; None where there is too little of both.

    At every offset a ridge regression predicts the level of three bands from frames, each quarter of the recording
    from the others: what is compared is how much it explains, so that no model of the speaker is needed.

    Args:
        motion: shape (T, F), from :meth:`MotionTrack.features`.
        centers: shape (T,), times of the frames in seconds, increasing.
        samples: shape (N,).
        rate: samples per second.
        start: time of sample 0, seconds.
    """
    level, times = _levels(samples, rate, start)
    if len(centers) < 4 or len(times) < 4:
        return None
    shared = min(centers[-1], times[-1]) - max(centers[0], times[0])
    largest = min(LARGEST_OFFSET, shared / 5)
    lags: Float64 = np.arange(-int(largest / _STEP), int(largest / _STEP) + 1) * np.float64(_STEP)
    # The same moments at every offset, or their number would be what is compared.
    moments = np.arange(max(centers[0], times[0] + largest), min(centers[-1], times[-1] - largest), _STEP)
    if len(moments) < _SHORTEST:
        return None
    shown = _standard(np.column_stack([np.interp(moments, centers, column) for column in motion.T]))
    edges = np.linspace(0, len(moments), _FOLDS + 1).astype(np.int64)
    solvers = _solvers(shown, edges)
    explained = np.array([_explained(shown, _at(level, times, moments + lag), edges, solvers) for lag in lags])
    best = int(explained.argmax())
    far = np.abs(lags - lags[best]) > _PEAK
    others = max(0.0, float(explained[far].max())) if far.any() else 0.0
    clear = (float(explained[best]) - others) / _CLEAR
    return SyncEstimate(
        _summit(lags, explained, best), float(np.clip(clear, 0.0, 1.0)), max(0.0, float(explained[best]))
    )


def _levels(samples: Float32, rate: int, start: float) -> tuple[Float64, Float64]:
    """Levels of the bands in dB, shape (M, bands), and their times."""
    width, hop = max(16, round(_WINDOW * rate)), max(1, round(_STEP / 2 * rate))
    count = (len(samples) - width) // hop + 1
    if count < 1:
        return np.zeros((0, len(_BANDS))), np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(samples, width)[::hop]
    frequencies = np.fft.rfftfreq(width, 1 / rate)
    inside = np.array([(frequencies >= low) & (frequencies < high) for low, high in _BANDS], np.float64)
    shape = np.hanning(width).astype(np.float32)
    power = np.concatenate(
        [np.square(np.abs(np.fft.rfft(windows[k : k + 512] * shape, axis=1))) @ inside.T for k in range(0, count, 512)]
    )
    floor = np.maximum(power.max(axis=0) * 10 ** (_LOWEST_DB / 10), 1e-12)
    return 10 * np.log10(power + floor), start + (np.arange(count) * hop + width / 2) / rate


def _standard(values: Float64) -> Float64:
    return np.asarray((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9))


def _at(level: Float64, times: Float64, moments: Float64) -> Float64:
    return _standard(np.column_stack([np.interp(moments, times, column) for column in level.T]))


def _solvers(shown: Float64, edges: Int64) -> list[tuple[NDArray[np.bool_], Float64]]:
    """For each part, the moments that it is predicted from, and the matrix that makes coefficients of their levels."""
    solvers: list[tuple[NDArray[np.bool_], Float64]] = []
    for low, high in pairwise(edges):
        known = np.ones(len(shown), bool)
        known[max(0, low - _MARGIN) : high + _MARGIN] = False
        given = shown[known]
        gram = given.T @ given + _RIDGE * len(given) * np.eye(given.shape[1])
        solvers.append((known, np.asarray(np.linalg.solve(gram, given.T), np.float64)))
    return solvers


def _explained(shown: Float64, level: Float64, edges: Int64, solvers: list[tuple[NDArray[np.bool_], Float64]]) -> float:
    wrong = 0.0
    for low, high, (known, solver) in zip(edges[:-1], edges[1:], solvers, strict=True):
        mean = level[known].mean(axis=0)
        wrong += float(np.square(level[low:high] - mean - shown[low:high] @ (solver @ (level[known] - mean))).sum())
    return 1.0 - wrong / max(float(np.square(level).sum()), 1e-12)


def _summit(lags: Float64, explained: Float64, best: int) -> float:
    """The top of the parabola through the best offset and its neighbors."""
    if 0 < best < len(lags) - 1:
        left, top, right = explained[best - 1 : best + 2]
        bend = left - 2 * top + right
        if bend < 0:
            return float(lags[best] + _STEP * (left - right) / (2 * bend))
    return float(lags[best])
