"""Dynamic time warping in a band around the diagonal."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64, Int64


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
    # Costs of the cheapest paths to (i, i + k - band); one column more on the right, which is never reached.
    costs = np.full((frames, width + 1), np.inf)
    row = np.full(width + 1, np.inf)
    row[band] = 0.0
    for index in range(frames):
        own = distances[index]
        # From above (the same frame of the other, one column to the right) or from the diagonal.
        arrived = np.minimum(costs[index - 1, :width], costs[index - 1, 1:]) if index else row[:width]
        # Along the row: cost_k = min over l <= k of arrived_l + own_l + ... + own_k, a minimum of differences of sums.
        real = np.isfinite(own)
        sums = np.cumsum(np.where(real, own, 0.0))
        before = sums - np.where(real, own, 0.0)
        best = np.minimum.accumulate(np.where(real, arrived, np.inf) - before)
        costs[index, :width] = np.where(real, best + sums, np.inf)
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
    row, column = len(costs) - 1, band
    pairs, found = [], []
    while True:
        pairs.append((row, row + column - band))
        found.append(distances[row, column])
        if row == 0 and column == band:
            break
        diagonal = costs[row - 1, column] if row else np.inf
        above = costs[row - 1, column + 1] if row else np.inf
        left = costs[row, column - 1] if column else np.inf
        if diagonal <= above and diagonal <= left:
            row -= 1
        elif above <= left:
            row, column = row - 1, column + 1
        else:
            column -= 1
    return np.array(pairs[::-1], np.int64), np.array(found[::-1])
