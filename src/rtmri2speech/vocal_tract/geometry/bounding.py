"""Which wall bounds which section of the airway: from sections of the midline to the points of contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

# A wall lies within this many mm of where the section's distance has it. Contours are traced on the frame, distances
# on a smoothed midline.
_TOLERANCE_MM = 4.0
# A wall that is farther than another one on its side by more than this does not bound the airway, mm.
_BEHIND_MM = 1.5
# Points of the midline per section, to find the nearest one of.
_DENSE = 8


@dataclass(frozen=True)
class Bounding:
    """What the points of T frames' contours bound.

    Attributes:
        section: (T, 6, P), number of the section that a point bounds; -1 where it bounds none.
        share: (T, 6, P), of that section's length, that is the point's own; 0 likewise. Over a contour they add up to
            the number of sections that it bounds.
    """

    section: Int64
    share: Float64

    def spread(self, values: Float64) -> Float64:
        """Values (..., T, N, 40) per section shared out to points, (..., T, N, 6, P); 0 where a point bounds none."""
        frames = np.arange(len(self.section))[:, None, None]
        # The formants' axis goes last while frames and sections are picked.
        chosen = np.moveaxis(values, -2, 0)[..., frames, np.maximum(self.section, 0)]
        return np.moveaxis(np.where(self.section < 0, 0.0, chosen * self.share), 0, -3)

    def sections(self, inside: Float64) -> Float64:
        """How much of each section the points of a wall bound, (T, 40), for weights of points (T, 6, P), 0 to 1."""
        count = len(self.section)
        found = np.zeros((count, SECTIONS))
        frames = np.broadcast_to(np.arange(count)[:, None, None], self.section.shape)
        there = self.section >= 0
        np.add.at(found, (frames[there], self.section[there]), (self.share * inside)[there])
        return found


def bounding(midline: Float64, distance: Float64, contours: Float64) -> Bounding:
    """Find the section that each point of each contour bounds.

    A point belongs to the nearest place of the midline. It bounds the section there if it is not beyond an end of the
    midline, is about as far from it as the section's distance says, and no other contour on its side is nearer. What
    it bounds of the section is the stretch of the midline from half way to its neighbor on either side, so that moving
    a wall by 1 mm widens each section that it bounds along its whole length by 1 mm.

    Args:
        midline: (T, 41, 2), mm, ends of the sections.
        distance: (T, 40), mm, of the walls across the midline.
        contours: (T, 6, P, 2), mm, in the order of :data:`~rtmri2speech.vocal_tract.contours.CONTOURS`; NaN where
            there is none.
    """
    shape = contours.shape[:-1]
    section, share = np.full(shape, -1, np.int64), np.zeros(shape)
    for frame in range(len(contours)):
        if np.isfinite(midline[frame]).all() and np.isfinite(distance[frame]).all():
            section[frame], share[frame] = _of_frame(midline[frame], distance[frame], contours[frame])
    return Bounding(section, share)


def _of_frame(midline: Float64, distance: Float64, contours: Float64) -> tuple[Int64, Float64]:
    ends = np.arange(SECTIONS + 1)
    dense = np.linspace(0.0, SECTIONS, _DENSE * SECTIONS + 1)
    line = np.stack([np.interp(dense, ends, one) for one in midline.T], axis=1)
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    gap = contours[..., None, :] - line
    squares = np.where(np.isfinite(gap[..., 0]), (gap**2).sum(axis=-1), np.inf)
    nearest = squares.argmin(axis=-1)
    place, far = dense[nearest], np.sqrt(np.take_along_axis(squares, nearest[..., None], axis=-1)[..., 0])
    across = np.take_along_axis(gap, nearest[..., None, None], axis=-2)[..., 0, :]
    left = along[nearest][..., 0] * across[..., 1] - along[nearest][..., 1] * across[..., 0] > 0.0
    section = np.minimum(place.astype(np.int64), SECTIONS - 1)
    inside = (nearest > 0) & (nearest < len(dense) - 1) & (far < 0.5 * distance[section] + _TOLERANCE_MM)
    # The nearest point of any contour, by side and section.
    bound = np.full((2, SECTIONS), np.inf)
    np.minimum.at(bound, (left[inside].astype(int), section[inside]), far[inside])
    inside &= far < bound[left.astype(int), section] + _BEHIND_MM
    steps = np.abs(np.diff(np.where(np.isfinite(far), place, 0.0), axis=1))
    # A line that runs back bounds nothing twice, and one that leaps from one side of a fold to the other bounds
    # nothing in between.
    both = inside[:, 1:] & inside[:, :-1] & (left[:, 1:] == left[:, :-1])
    steps = np.where(both, steps, 0.0)
    share = 0.5 * (np.pad(steps, ((0, 0), (1, 0))) + np.pad(steps, ((0, 0), (0, 1))))
    share *= _at_most_whole(section, left, share, inside)
    return np.where(inside, section, -1), np.where(inside, share, 0.0)


def _at_most_whole(section: Int64, left: np.ndarray, share: Float64, inside: np.ndarray) -> Float64:
    """Factors that keep what bounds a side of a section from being more than the whole of it."""
    total = np.zeros((2, SECTIONS))
    chosen = inside & (share > 0.0)
    np.add.at(total, (left[chosen].astype(int), section[chosen]), share[chosen])
    # Points at the border of two sections are counted with one of them.
    return np.asarray(1.0 / np.maximum(total[left.astype(int), section], 1.0))
