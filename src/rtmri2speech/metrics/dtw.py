"""Dynamic time warping in a band around the diagonal."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Int64

# The step of a path that arrives at a pair: in both sequences, in the reference alone, in the other one alone.
_STRAIGHT, _DOWN, _ALONG = range(3)


def warp(reference: Float64, other: Float64, band: int) -> tuple[Int64, Float64]:
    """The cheapest path through two sequences of one length, with steps (1, 0), (0, 1) and (1, 1) from start to end.

    The cost of a path is the sum of the Euclidean distances of the pairs on it, each counted once (Sakoe & Chiba
    1978, "Dynamic programming algorithm optimization for spoken word recognition", IEEE Trans. ASSP 26, 43-49, without
    slope weights, in their band). Time and memory grow with T times the band.

    Args:
        reference: shape (T, C).
        other: shape (T, C).
        band: greatest number of frames that two of a pair may lie apart; 0 is no warping.

    Returns:
        The pairs, shape (P, 2), frames of the reference and of the other; and their distances, shape (P,).

    Raises:
        ValueError: when the shapes differ or there is no frame.
    """
    if reference.shape != other.shape or reference.ndim != 2 or len(reference) == 0:
        raise ValueError(f"Sequences of shapes {reference.shape} and {other.shape} cannot be warped.")
    frames = len(reference)
    band = min(band, frames - 1)
    width = 2 * band + 1
    distances = _band_distances(reference, other, band)
    real = np.isfinite(distances)
    sums = np.cumsum(np.where(real, distances, 0.0), axis=1)
    # Where there is no such frame, nothing arrives (infinity minus minus infinity) and nothing is reached.
    before = np.where(real, sums - np.where(real, distances, 0.0), -np.inf)
    sums[~real] = np.inf
    # Costs of the cheapest paths to (i, i + k - band); one column more on the right, which is never reached.
    costs = np.full((frames, width + 1), np.inf)
    arrived = np.full(width, np.inf)
    arrived[band] = 0.0
    for index in range(frames):
        if index:
            # From above (the same frame of the other, one column to the right) or from the diagonal.
            np.minimum(costs[index - 1, :width], costs[index - 1, 1:], out=arrived)
        # Along the row: cost_k = min over l <= k of arrived_l + own_l + ... + own_k, a minimum of differences of sums.
        np.subtract(arrived, before[index], out=arrived)
        np.minimum.accumulate(arrived, out=arrived)
        np.add(arrived, sums[index], out=costs[index, :width])
    return _walk_back(costs, distances, band)


def _band_distances(reference: Float64, other: Float64, band: int) -> Float64:
    """Distances of frame i and frame i + k - band, shape (T, 2 band + 1); infinite where there is no such frame."""
    frames = len(reference)
    distances = np.full((frames, 2 * band + 1), np.inf)
    for column in range(2 * band + 1):
        shift = column - band
        low, high = max(0, -shift), min(frames, frames - shift)
        difference = reference[low:high] - other[low + shift : high + shift]
        distances[low:high, column] = np.sqrt(np.einsum("tc,tc->t", difference, difference))
    return distances


def _walk_back(costs: Float64, distances: Float64, band: int) -> tuple[Int64, Float64]:
    """Trace the cheapest path from its end; of equal steps the diagonal one."""
    frames, width = distances.shape
    diagonal, above, left = (np.full((frames, width), np.inf) for _ in range(3))
    diagonal[1:], above[1:] = costs[:-1, :width], costs[:-1, 1:]
    left[:, 1:] = costs[:, : width - 1]
    straight = (diagonal <= above) & (diagonal <= left)
    # A byte per frame and column, since single numbers of an array are slow to read.
    steps = np.where(straight, _STRAIGHT, np.where(above <= left, _DOWN, _ALONG)).astype(np.uint8).tobytes()
    row, column = frames - 1, band
    places = [(row, column)]
    while row or column != band:
        step = steps[row * width + column]
        row -= step != _ALONG
        column += (step == _DOWN) - (step == _ALONG)
        places.append((row, column))
    rows, columns = np.array(places[::-1], np.int64).T
    return np.stack([rows, rows + columns - band], axis=1), distances[rows, columns]
