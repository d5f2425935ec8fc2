"""Displacement fields: how a frame is warped when a section is widened, or a wall moved at a point.

Sections: along the midline each has a hat of its own, from the middle of the section before to that of the one after;
the hats add up to 1, so that widening all sections widens the tract as a whole. Across it, both walls move apart by
half of the widening each; from half way to a wall the field has its full size, towards the midline it falls to 0, and
beyond the wall it falls off as a Gaussian of :data:`WIDTH_MM`.

Walls: along a contour each of its points has a hat, and these add up to 1 too: the sum over a contour's points is what
moving the whole wall does. Away from the contour the field falls off as the same Gaussian on both sides, and towards
the airway to 0 at the midline, so that the opposite wall stays where it is. Positive is away from the airway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

WIDTH_MM = 3.0
"""Standard deviation of the field across a wall, mm: how far tissue goes along."""

_LEFT_OF_TRAVEL = {"tongue": True, "lower_lip": True, "epiglottis": True}
# Fields end after so many standard deviations.
_REACH = 3.0
# Walls are taken to be at least so far apart, mm: between walls that touch there would be a tear.
_LEAST_MM = 1.0
# Share of the way from the midline to a wall over which the field grows.
_RAMP = 0.5
# Smoothing of a contour's normals, points.
_SMOOTH = 2.0
_ALL_CONTOURS = len(CONTOURS)


@dataclass(frozen=True)
class PixelGrid:
    """The model's pixels in millimeters of the recording.

    Attributes:
        size: pixels of a side.
        width, height: of the recording's frame, mm.
    """

    size: int
    width: float
    height: float

    @property
    def steps(self) -> tuple[float, float]:
        """Width and height of the model's pixel, mm."""
        return self.width / self.size, self.height / self.size

    def near(self, points: Float64, reach: float) -> tuple[Int64, Float64]:
        """Flat numbers of the pixels in the box about points (N, 2), and their centers (M, 2); mm."""
        ranges = []
        for axis, step in enumerate(self.steps):
            low, high = points[:, axis].min() - reach, points[:, axis].max() + reach
            ranges.append(np.arange(max(int(low / step), 0), min(int(high / step) + 1, self.size)))
        rows, columns = np.meshgrid(ranges[1], ranges[0], indexing="ij")
        centers = np.stack([(columns + 0.5) * self.steps[0], (rows + 0.5) * self.steps[1]], axis=-1).reshape(-1, 2)
        return (rows * self.size + columns).ravel(), centers


@dataclass(frozen=True)
class FrameFields:
    """Fields of one frame for K parameters, in the model's pixels per mm of movement.

    Attributes:
        x, y: (K, S * S), sparse: how far each pixel is moved.
        known: (K,), whether there is such a wall; fields of others are empty.
    """

    x: csr_matrix
    y: csr_matrix
    known: Bool

    def displacement(self, number: int, size: int, mm: float) -> Float64:
        """Displacements (S, S, 2) of one parameter's movement by ``mm``, pixels."""
        both = [np.asarray(part[[number]].todense()).reshape(size, size) for part in (self.x, self.y)]
        return np.stack(both, axis=-1) * mm


@dataclass(frozen=True)
class _Nearest:
    """The nearest place on a line of N points, of M pixels.

    Attributes:
        pixels: flat numbers, (M,).
        place: along the line, in points, (M,).
        normal: unit vectors there, (M, 2), to the left of travel as seen in the frame.
        away: signed distance, (M,), positive where the normal points to.
        beyond: whether the nearest place is an end of the line, (M,).
    """

    pixels: Int64
    place: Float64
    normal: Float64
    away: Float64
    beyond: Bool


def frame_fields(
    midline: Float64, distance: Float64, contours: Float64, grid: PixelGrid, width: float = WIDTH_MM
) -> FrameFields:
    """Fields of a frame: 40 sections, then all points of the contours of :data:`CONTOURS`, (40 + 6 P) in all.

    Args:
        midline: (41, 2), mm; NaN where there is none.
        distance: (40,), mm, of the walls.
        contours: (6, P, 2), mm; NaN for those that are missing.
        grid: the model's pixels.
        width: standard deviation of fields across walls, mm.
    """
    points = contours.shape[1]
    known = np.zeros(SECTIONS + _ALL_CONTOURS * points, np.bool_)
    parts: list[tuple[Int64, Int64, Float64]] = []
    whole = bool(np.isfinite(midline).all() and np.isfinite(distance).all())
    if whole:
        known[:SECTIONS] = True
        parts.append(_sections(midline, distance, grid, width))
    for index, name in enumerate(CONTOURS):
        line = contours[index]
        if not np.isfinite(line).all() or len(np.unique(line, axis=0)) < 3:
            continue
        first = SECTIONS + index * points
        known[first : first + points] = True
        leftward = _faces_left(midline, contours)
        outward = 1.0 if _LEFT_OF_TRAVEL.get(name, False) == leftward else -1.0
        rows, pixels, moves = _wall(line, outward, midline if whole else None, grid, width)
        parts.append((rows + first, pixels, moves))
    shape = (len(known), grid.size**2)
    rows, pixels, moves = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else _NOTHING
    made = [csr_matrix((moves[:, axis] / grid.steps[axis], (rows, pixels)), shape) for axis in (0, 1)]
    return FrameFields(made[0], made[1], known)


_NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2)))


def _sections(midline: Float64, distance: Float64, grid: PixelGrid, width: float) -> tuple[Int64, Int64, Float64]:
    # One section more at either end, over which the field of the last one falls off.
    line = np.concatenate([2 * midline[:1] - midline[1:2], midline, 2 * midline[-1:] - midline[-2:-1]])
    walls = np.maximum(distance, _LEAST_MM) / 2.0
    near = _nearest(line, grid, float(walls.max()) + _REACH * width)
    place = near.place - 1.0
    wall = np.interp(place, np.arange(SECTIONS) + 0.5, walls)
    far = np.abs(near.away)
    share = np.clip(far / (_RAMP * wall), 0.0, 1.0) * np.exp(-0.5 * (np.maximum(far - wall, 0.0) / width) ** 2)
    used = ~near.beyond & (far < wall + _REACH * width)
    size = 0.5 * np.sign(near.away) * share * np.clip(np.minimum(place + 1.0, SECTIONS + 1.0 - place), 0.0, 1.0)
    return _on_hats(near, np.clip(place - 0.5, 0.0, SECTIONS - 1.0), size, used, SECTIONS)


def _wall(
    line: Float64, outward: float, midline: Float64 | None, grid: PixelGrid, width: float
) -> tuple[Int64, Int64, Float64]:
    near = _nearest(line, grid, _REACH * width, smooth=_SMOOTH)
    away = near.away * outward
    size = np.exp(-0.5 * (near.away / width) ** 2)
    # The end of a wall is rounded off.
    if midline is not None:
        room = np.maximum(np.interp(near.place, np.arange(len(line)), _distances(line, midline)), 0.5 * _LEAST_MM)
        size *= np.where(away < 0.0, np.clip((1.0 + away / room) / (1.0 - _RAMP), 0.0, 1.0), 1.0)
    used = np.abs(near.away) < _REACH * width
    return _on_hats(near, near.place, outward * size, used, len(line))


def _on_hats(near: _Nearest, place: Float64, size: Float64, used: Bool, count: int) -> tuple[Int64, Int64, Float64]:
    """Rows, pixels and movements (M, 2) of a field that is shared out to the two hats at each place."""
    used = used & (size != 0.0)
    place, pixels, moves = place[used], near.pixels[used], (size[:, None] * near.normal)[used]
    low = np.clip(place.astype(np.int64), 0, count - 2)
    part = (place - low)[:, None]
    return (
        np.concatenate([low, low + 1]),
        np.concatenate([pixels, pixels]),
        np.concatenate([moves * (1.0 - part), moves * part]),
    )


def _nearest(line: Float64, grid: PixelGrid, reach: float, smooth: float = 0.0) -> _Nearest:
    """Nearest places on a line (N, 2) of all pixels within reach of its points."""
    pixels, centers = grid.near(line, reach)
    squares = (centers**2).sum(axis=1)[:, None] - 2.0 * centers @ line.T + (line**2).sum(axis=1)
    vertex = squares.argmin(axis=1)
    step = float(np.hypot(*np.diff(line, axis=0).T).max())
    close = np.flatnonzero(squares[np.arange(len(vertex)), vertex] < (reach + step) ** 2)
    pixels, centers, vertex = pixels[close], centers[close], vertex[close]
    best = np.full(len(pixels), np.inf)
    place = np.zeros(len(pixels))
    foot = np.zeros_like(centers)
    for start in (np.maximum(vertex - 1, 0), np.minimum(vertex, len(line) - 2)):
        along = line[start + 1] - line[start]
        length = np.maximum((along**2).sum(axis=1), 1e-12)
        part = np.clip(((centers - line[start]) * along).sum(axis=1) / length, 0.0, 1.0)
        there = line[start] + part[:, None] * along
        gap = ((centers - there) ** 2).sum(axis=1)
        nearer = gap < best
        best[nearer], place[nearer], foot[nearer] = gap[nearer], (start + part)[nearer], there[nearer]
    normals = _normals(line, smooth)
    low = np.clip(place.astype(np.int64), 0, len(line) - 2)
    share = (place - low)[:, None]
    normal = normals[low] * (1.0 - share) + normals[low + 1] * share
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    side = np.where(((centers - foot) * normal).sum(axis=1) < 0.0, -1.0, 1.0)
    beyond = (place <= 0.0) | (place >= len(line) - 1)
    return _Nearest(pixels, place, normal, side * np.sqrt(best), beyond)


def _normals(line: Float64, smooth: float) -> Float64:
    """Unit vectors (N, 2) across a line, to the left of travel as seen in the frame, whose y points down."""
    tangents = np.gradient(line, axis=0)
    if smooth > 0.0:
        tangents = gaussian_filter1d(tangents, smooth, axis=0, mode="nearest")
    tangents /= np.maximum(np.hypot(*tangents.T), 1e-9)[:, None]
    return np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)


def _distances(line: Float64, midline: Float64) -> Float64:
    """Of each point of a line from the midline, mm."""
    dense = np.stack([np.interp(np.linspace(0, SECTIONS, 4 * SECTIONS + 1), np.arange(SECTIONS + 1), one)
                      for one in midline.T], axis=1)  # fmt: skip
    squares = (line**2).sum(axis=1)[:, None] - 2.0 * line @ dense.T + (dense**2).sum(axis=1)
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def _faces_left(midline: Float64, contours: Float64) -> bool:
    """Whether the face looks to the left: lips lie to the left of the pharynx."""
    for line in (midline, contours[CONTOURS.index("tongue")], contours[CONTOURS.index("palate_and_velum")]):
        if np.isfinite(line).all():
            return bool(line[-1, 0] < line[0, 0])
    return True
