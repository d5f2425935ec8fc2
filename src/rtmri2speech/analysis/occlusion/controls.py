"""Where control regions lie: a region's own shape elsewhere in the frame, for what hiding any such area does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64

# The share of all free places that counts as similar to the region in brightness.
_ALIKE = 0.25
# Overlap with articulators, beyond the least there is, that still counts as none.
_SLACK = 0.02


@dataclass(frozen=True)
class ControlOffset:
    """How far a control region lies from its region, the same in every frame.

    Attributes:
        down, right: pixels.
        overlap: share of it that lies on articulators in some frame.
        brightness: mean gray value of the clip's mean frame in it, 0 to 1.
    """

    down: int
    right: int
    overlap: float
    brightness: float

    def apply(self, masks: Bool) -> Bool:
        """Masks (..., S, S) moved; none of them reaches over the frame's edge."""
        return np.roll(masks, (self.down, self.right), axis=(-2, -1))


def place_controls(
    footprint: Float64, taken: Bool, mean_frame: Float64, count: int, seed: list[int]
) -> list[ControlOffset]:
    """Places for controls of a region.

    A control is the region itself, moved, so it has the same area and shape in every frame. It stays in the frame and
    lies on no articulator or, where there is no such place, on as few of their pixels as possible. Black air would be
    no match for a tongue, so of these places the quarter that is most similar to the region in brightness remains,
    and ``count`` of them are drawn at random.

    Args:
        footprint: share of the frames in which each pixel belongs to the region, (S, S).
        taken: pixels of any articulator in any frame, (S, S).
        mean_frame: the clip's mean frame, (S, S), 0 to 1.
        count: how many; fewer come back where there are fewer places.
        seed: of the draw.
    """
    size = len(footprint)
    area = footprint.sum()
    if area == 0:
        return []
    rows, columns = (np.flatnonzero(footprint.any(axis=axis)) for axis in (1, 0))
    down = np.arange(-rows[0], size - rows[-1])
    right = np.arange(-columns[0], size - columns[-1])
    inside = np.ix_(down % size, right % size)
    overlap = _sums_under_moved(footprint, taken.astype(np.float64))[inside] / area
    brightness = _sums_under_moved(footprint, mean_frame)[inside] / area
    overlap[-down[0], -right[0]] = np.inf  # where the region itself lies
    flat = overlap.ravel()
    free = np.flatnonzero(flat <= max(float(flat.min()), 0.0) + _SLACK)
    free = free[np.isfinite(flat[free])]
    own = float((footprint * mean_frame).sum() / area)
    difference = np.abs(brightness.ravel()[free] - own)
    alike = free[np.argsort(difference, kind="stable")[: max(count, round(_ALIKE * len(free)))]]
    drawn = np.random.default_rng(seed).choice(alike, min(count, len(alike)), replace=False)
    return [
        ControlOffset(int(down[i]), int(right[j]), max(float(overlap[i, j]), 0.0), float(brightness[i, j]))
        for i, j in zip(*np.unravel_index(drawn, overlap.shape), strict=True)
    ]


def _sums_under_moved(shape: Float64, values: Float64) -> Float64:
    """Sum of values (S, S) under a shape (S, S) moved by every distance, around the edges: (S, S)."""
    product = np.conj(np.fft.rfft2(shape)) * np.fft.rfft2(values)
    return np.asarray(np.fft.irfft2(product, shape.shape))
