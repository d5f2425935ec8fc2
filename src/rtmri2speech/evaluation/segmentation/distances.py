"""Distance of two contours: how far each point of one lies from the other, as a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.vocal_tract.outlines import arc_length, resample

STEP = 0.25
"""Distance of the points at which contours are compared, pixels."""

_PERCENTILE = 95.0


@dataclass(frozen=True)
class Distance:
    """Distance of a contour from the traced one in one frame, in the unit of their coordinates.

    Attributes:
        mean: mean of the two one-sided distances.
        from_truth: mean distance of the points of the traced contour from the other.
        to_truth: mean distance of the points of the other contour from the traced one; NaN where none lies alongside.
        hd95: the larger of the 95th percentiles of the two.
        offset: mean vector (x, y) from the points of the traced contour to the nearest of the other.
    """

    mean: float
    from_truth: float
    to_truth: float
    hd95: float
    offset: tuple[float, float]


def contour_distance(found: Float64, truth: Float64, step: float = STEP) -> Distance:
    """Compare a contour (N, 2) with the traced one (M, 2), both open.

    Both are resampled at equal steps; a distance is that of a point from the nearest place of the other line, also
    between its points. Points of ``found`` whose nearest place is an end of ``truth`` lie beyond what was traced and
    are left out, so that it does not matter where ``found`` goes on to; points of ``truth`` beyond the ends of
    ``found`` do count, because they were not found.
    """
    found, truth = (resample(line, max(2, int(np.ceil(arc_length(line)[-1] / step)) + 1)) for line in (found, truth))
    vectors, _ = _to_line(truth, found)
    from_truth = np.hypot(*vectors.T)
    back, at_end = _to_line(found, truth)
    to_truth = np.hypot(*back.T)[~at_end]
    if not len(to_truth):
        there, hd95 = float("nan"), float(np.percentile(from_truth, _PERCENTILE))
        mean = float(from_truth.mean())
    else:
        there = float(to_truth.mean())
        hd95 = float(max(np.percentile(from_truth, _PERCENTILE), np.percentile(to_truth, _PERCENTILE)))
        mean = 0.5 * (float(from_truth.mean()) + there)
    x, y = vectors.mean(axis=0)
    return Distance(mean, float(from_truth.mean()), there, hd95, (float(x), float(y)))


def _to_line(points: Float64, line: Float64) -> tuple[Float64, Bool]:
    """Vectors (N, 2) from points to the nearest places of a line (M, 2), and whether these are its ends (N,)."""
    start, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((points[:, None] - start) * along).sum(axis=-1) / length, 0.0, 1.0)
    vectors = start + share[..., None] * along - points[:, None]
    nearest = (vectors**2).sum(axis=-1).argmin(axis=1)
    rows = np.arange(len(points))
    reached = share[rows, nearest]
    at_end = ((nearest == 0) & (reached <= 0.0)) | ((nearest == len(along) - 1) & (reached >= 1.0))
    return vectors[rows, nearest], at_end
