"""Tip, body and root of the tongue, cut by one rule in phantom and people: by arc length along its surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from scipy.spatial import cKDTree

from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.data.labels import TONGUE, Label
from rtmri2speech.vocal_tract.outlines import arc_length, at_shares, level_lines
from rtmri2speech.vocal_tract.refinement.neighbors import spread

ROOT_END, TIP_START = 0.334, 0.89
"""Shares of the surface's arc length, from the root to the apex, at which the body starts and ends. In the phantom
they are where the surface turns down into the pharynx, and 1.5 cm behind the apex. The underside is the tip's."""

_ROOT_FOOT, _TIP_FOOT = 0.213, 0.57
"""Shares of the base's arc length, from the root to the chin, that the cuts run to."""

# What the surface is turned to; the base lies on bone, larynx and muscle.
_OPPOSITE = (Label.AIRWAY, Label.HARD_PALATE, Label.VELUM, Label.PHARYNGEAL_WALL)
# How near that counts as touching it: share of the side of a square as large as the tongue; and of the outline, pixels.
_TOUCHING, _LEAST_TOUCHING = 0.04, 1.5
_PARTS, _FACED = (np.isin(np.arange(256), some) for some in (TONGUE, _OPPOSITE))
_STEP, _SMOOTHING = 0.5, 3.0
# The apex is where the surface reaches farthest forward and, by this share, up.
_UP = 0.5
_FIBERS, _DEPTHS = 121, 24
# A bit for each part of the tongue, the label of each bit, and which bytes are one bit.
_ROOT, _BODY, _TIP = 1, 2, 4
_PART_OF = np.zeros(8, np.uint8)
_PART_OF[[_ROOT, _BODY, _TIP]] = Label.TONGUE_ROOT, Label.TONGUE_BODY, Label.TONGUE_TIP
_IS_PART = _PART_OF > 0


def cut_tongue(labels: UInt8) -> UInt8:
    """A label map (H, W) whose tongue is divided anew, whatever parts it had: all else stays.

    The outline of the tongue is divided where it stops to face the airway (or roof and wall across it): one side is the
    surface, the other the base. A pixel belongs to the part whose fibers, straight lines from the surface to the base,
    pass it most closely. Head up; facing to the left or to the right.

    A tongue that faces nothing is all body.
    """
    result = labels.copy()
    around = _around_tongue(labels)
    if around is not None:
        result[around] = _cut(labels[around])
    return result


def _around_tongue(labels: UInt8) -> tuple[slice, slice] | None:
    """Rows and columns of the tongue, and as much around it as could touch it."""
    mask = _PARTS[labels]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    # The tongue's area is at most that of the box.
    side = float(np.sqrt((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)))
    room = int(np.ceil(max(_LEAST_TOUCHING, _TOUCHING * side))) + 2
    top, left = max(int(rows[0]) - room, 0), max(int(columns[0]) - room, 0)
    return slice(top, int(rows[-1]) + room + 1), slice(left, int(columns[-1]) + room + 1)


def _cut(labels: UInt8) -> UInt8:
    """What :func:`cut_tongue` gives, of the part of a frame that holds the tongue."""
    result, mask = labels.copy(), _PARTS[labels]
    result[mask] = Label.TONGUE_BODY
    outline = _outline(mask)
    sides = _sides(outline, _FACED[labels], max(_LEAST_TOUCHING, _TOUCHING * float(np.sqrt(mask.sum()))))
    if sides is None:
        return result
    surface, base = sides
    # In shares of the whole surface.
    root_end, tip_start = np.array((ROOT_END, TIP_START)) * _apex(surface)
    places = np.linspace(0.0, 1.0, _FIBERS)
    start = at_shares(surface, places)
    end = at_shares(base, np.interp(places, (0.0, root_end, tip_start, 1.0), (0.0, _ROOT_FOOT, _TIP_FOOT, 1.0)))
    depths = np.linspace(0.0, 1.0, _DEPTHS)[:, None, None]
    fibers = start + depths * (end - start)
    parts = np.full(_FIBERS, _BODY, np.uint8)
    parts[places < root_end], parts[places >= tip_start] = _ROOT, _TIP
    result[mask] = _PART_OF[_nearest(fibers, parts, mask)]
    return result


def _nearest(fibers: Float64, parts: UInt8, mask: Bool) -> UInt8:
    """Part of the fiber point that is nearest to each pixel of a mask, in reading order, (N,).

    Where all points near a pixel are of one part, that is the answer; only the others are looked up in a tree, at high
    resolutions a small share. A point in the 3 x 3 pixels around one is at most 1.5 pixels away across and down, 2.13
    in all; one outside of the 5 x 5 pixels is at least 2.5 away.

    Args:
        fibers: (D, F, 2), columns and rows.
        parts: (F,), a bit for each part.
        mask: (H, W).
    """
    points = fibers.reshape(-1, 2)
    height, width = mask.shape
    # Two more pixels on every side, for the windows; points beyond them are near to no pixel.
    around = np.zeros((height + 4, width + 4), np.uint8)
    columns, rows = (np.rint(points).astype(np.int64) + 2).T
    there = (columns >= 0) & (columns < width + 4) & (rows >= 0) & (rows < height + 4)
    np.bitwise_or.at(around, (rows[there], columns[there]), np.broadcast_to(parts, fibers.shape[:2]).ravel()[there])
    near = spread(around)
    result = spread(near)[2:-2, 2:-2][mask]
    unsure = ~(_IS_PART[result] & (near[2:-2, 2:-2][mask] > 0))
    if unsure.any():
        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
        pixels = np.argwhere(mask)[unsure, ::-1]
        result[unsure] = parts[tree.query(pixels)[1] % len(parts)]
    return result


def tongue_surface(labels: UInt8) -> Float64 | None:
    """The surface of the tongue in a label map, from the root over the tip to the end of its underside.

    Returns:
        (P, 2), columns and rows, points half a pixel apart; None where there is no tongue or nothing that it faces.
    """
    mask = _PARTS[labels]
    if not mask.any():
        return None
    near = max(_LEAST_TOUCHING, _TOUCHING * float(np.sqrt(mask.sum())))
    sides = _sides(_outline(mask), _FACED[labels], near)
    return None if sides is None else sides[0]


def _outline(mask: Bool) -> Float64:
    """The longest outline of a mask, closed, (P, 2) columns and rows, smoothed and with equal steps."""
    field = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2))
    field[1:-1, 1:-1] = mask
    longest = max(level_lines(field, 0.5), key=lambda line: float(arc_length(line)[-1])) - 1.0
    length = float(arc_length(longest)[-1])
    even = at_shares(longest, np.linspace(0.0, 1.0, max(int(length / _STEP), 8), endpoint=False))
    return np.asarray(gaussian_filter1d(even, _SMOOTHING, axis=0, mode="wrap"))


def _sides(outline: Float64, opposite: Bool, near: float) -> tuple[Float64, Float64] | None:
    """Surface and base, both from the root to the front."""
    if not opposite.any():
        return None
    distance = distance_transform_edt(~opposite)
    columns, rows = np.rint(outline).astype(np.int64).T
    facing = distance[np.clip(rows, 0, opposite.shape[0] - 1), np.clip(columns, 0, opposite.shape[1] - 1)] <= near
    start, length = _longest_run(~facing)
    if length == len(outline):
        return None
    turned = np.roll(outline, -start, axis=0)
    # Ends are shared, so that cuts at 0 and 1 have no length.
    base = turned[: length + 1]
    surface = np.concatenate([turned[length:], turned[:1]])
    # The root is the lower end: rows grow downwards.
    return (surface, base[::-1]) if surface[0, 1] > surface[-1, 1] else (surface[::-1], base)


def _apex(surface: Float64) -> float:
    """Share of a surface's arc length at which it is farthest forward and up."""
    forward = np.sign(surface[-1, 0] - surface[0, 0])
    reach = forward * surface[:, 0] - _UP * surface[:, 1]
    place = arc_length(surface)
    return float(place[reach.argmax()] / max(float(place[-1]), 1e-9))


def _longest_run(values: Bool) -> tuple[int, int]:
    """Start and length of the longest run of True in a ring."""
    if values.all():
        return 0, len(values)
    first = int(np.flatnonzero(~values)[0])
    ring: NDArray[np.int64] = np.concatenate([[0], np.roll(values, -first).astype(np.int64), [0]])
    starts, ends = np.flatnonzero(np.diff(ring) == 1), np.flatnonzero(np.diff(ring) == -1)
    if len(starts) == 0:
        return 0, 0
    best = int(np.argmax(ends - starts))
    return (int(starts[best]) + first) % len(values), int(ends[best] - starts[best])
