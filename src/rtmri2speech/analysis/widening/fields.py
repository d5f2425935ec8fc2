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

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

WIDTH_MM = 3.0
"""Standard deviation of the field across a wall, mm: how far tissue goes along."""

REACH = 3.0
"""Fields end after so many standard deviations."""

SMOOTH_POINTS = 2.0
"""Smoothing of a contour's normals, points, standard deviation."""

_LEFT_OF_TRAVEL = {"tongue": True, "lower_lip": True, "epiglottis": True}
# Walls are taken to be at least so far apart, mm: between walls that touch there would be a tear.
_LEAST_MM = 1.0
# Share of the way from the midline to a wall over which the field grows.
_RAMP = 0.5
_ALL_CONTOURS = len(CONTOURS)
# Side of the squares of pixels that are looked at together.
_TILE = 6


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

    def near(self, line: Float64, reach: float) -> tuple[Int64, Float64]:
        """Flat numbers of the pixels within reach of a line's points (N, 2), and some more, and their centers; mm."""
        ranges = []
        for axis, step in enumerate(self.steps):
            low, high = line[:, axis].min() - reach, line[:, axis].max() + reach
            ranges.append(np.arange(max(int(low / step), 0), min(int(high / step) + 1, self.size)))
        tiles = [np.arange(0, len(one), _TILE) for one in ranges]
        middles = [(one[tile] + 0.5 * _TILE) * step for one, tile, step in zip(ranges, tiles, self.steps, strict=True)]
        half = 0.5 * _TILE * float(np.hypot(*self.steps))
        across = (middles[0][:, None] - line[:, 0]) ** 2
        down = (middles[1][:, None] - line[:, 1]) ** 2
        used = (across[None] + down[:, None]).min(axis=2) < (reach + half) ** 2
        rows, columns = np.nonzero(np.repeat(np.repeat(used, _TILE, axis=0), _TILE, axis=1))
        inside = (rows < len(ranges[1])) & (columns < len(ranges[0]))
        rows, columns = ranges[1][rows[inside]], ranges[0][columns[inside]]
        centers = np.stack([(columns + 0.5) * self.steps[0], (rows + 0.5) * self.steps[1]], axis=-1)
        return rows * self.size + columns, centers


@dataclass(frozen=True)
class FrameFields:
    """Fields of one frame for K parameters, as a list of what each moves where.

    Attributes:
        parameters: (E,), numbers of parameters.
        pixels: (E,), flat numbers of pixels.
        moves: (E, 2), how far, x and y in the model's pixels per mm of movement.
        known: (K,), whether there is such a wall; others move nothing.
    """

    parameters: Int64
    pixels: Int64
    moves: Float64
    known: Bool

    def displacement(self, parameter: int, size: int) -> Float64:
        """Displacements (S, S, 2) per mm of one parameter's movement, pixels."""
        chosen = self.parameters == parameter
        both = [np.bincount(self.pixels[chosen], one[chosen], size * size) for one in self.moves.T]
        return np.asarray(np.stack(both, axis=-1).reshape(size, size, 2))

    def along(self, by_x: Float64, by_y: Float64) -> Float64:
        """Sums (B, K) over pixels of each parameter's moves times something per pixel, (B, S * S) for x and for y."""
        across, down = self.moves.T
        return np.stack(
            [
                np.bincount(
                    self.parameters, across * one[self.pixels] + down * other[self.pixels], minlength=len(self.known)
                )
                for one, other in zip(by_x, by_y, strict=True)
            ]
        )


@dataclass(frozen=True)
class NearestOnLine:
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
        outward = outward_sign(name, faces_left(midline, contours))
        rows, pixels, moves = _wall(line, outward, midline if whole else None, grid, width)
        parts.append((rows + first, pixels, moves))
    numbers, pixels, moves = (np.concatenate(part) for part in zip(_NOTHING, *parts, strict=True))
    return FrameFields(numbers, pixels, moves / grid.steps, known)


_NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2)))


def outward_sign(name: str, leftward: bool) -> float:
    """1 where a contour's normal, to the left of travel, points away from the airway, else -1.

    Args:
        name: of the contour.
        leftward: whether the face looks to the left.
    """
    return 1.0 if _LEFT_OF_TRAVEL.get(name, False) == leftward else -1.0


def _sections(midline: Float64, distance: Float64, grid: PixelGrid, width: float) -> tuple[Int64, Int64, Float64]:
    # One section more at either end, over which the field of the last one falls off.
    line = np.concatenate([2 * midline[:1] - midline[1:2], midline, 2 * midline[-1:] - midline[-2:-1]])
    walls = np.maximum(distance, _LEAST_MM) / 2.0
    near = nearest_on_line(line, grid, float(walls.max()) + REACH * width)
    place = near.place - 1.0
    wall = np.interp(place, np.arange(SECTIONS) + 0.5, walls)
    far = np.abs(near.away)
    share = np.clip(far / (_RAMP * wall), 0.0, 1.0) * np.exp(-0.5 * (np.maximum(far - wall, 0.0) / width) ** 2)
    used = ~near.beyond & (far < wall + REACH * width)
    size = 0.5 * np.sign(near.away) * share * np.clip(np.minimum(place + 1.0, SECTIONS + 1.0 - place), 0.0, 1.0)
    return _on_hats(near, np.clip(place - 0.5, 0.0, SECTIONS - 1.0), size, used, SECTIONS)


def _wall(
    line: Float64, outward: float, midline: Float64 | None, grid: PixelGrid, width: float
) -> tuple[Int64, Int64, Float64]:
    near = nearest_on_line(line, grid, REACH * width, smooth=SMOOTH_POINTS)
    away = near.away * outward
    size = np.exp(-0.5 * (near.away / width) ** 2)
    # The end of a wall is rounded off.
    if midline is not None:
        room = np.maximum(np.interp(near.place, np.arange(len(line)), _distances(line, midline)), 0.5 * _LEAST_MM)
        size *= np.where(away < 0.0, np.clip((1.0 + away / room) / (1.0 - _RAMP), 0.0, 1.0), 1.0)
    used = np.abs(near.away) < REACH * width
    return _on_hats(near, near.place, outward * size, used, len(line))


def _on_hats(
    near: NearestOnLine, place: Float64, size: Float64, used: Bool, count: int
) -> tuple[Int64, Int64, Float64]:
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


def nearest_on_line(line: Float64, grid: PixelGrid, reach: float, smooth: float = 0.0) -> NearestOnLine:
    """Nearest places on a line (N, 2) of all pixels within reach of its points."""
    pixels, centers = grid.near(line, reach)
    vertex = _nearest_point(centers, line)
    step = float(np.hypot(*np.diff(line, axis=0).T).max())
    gap = centers - line[vertex]
    close = np.flatnonzero(gap[:, 0] ** 2 + gap[:, 1] ** 2 < (reach + step) ** 2)
    pixels, centers, vertex = pixels[close], centers[close], vertex[close]
    best = np.full(len(pixels), np.inf)
    place = np.zeros(len(pixels))
    foot = np.zeros_like(centers)
    for start in (np.maximum(vertex - 1, 0), np.minimum(vertex, len(line) - 2)):
        first, along = line[start], np.diff(line, axis=0)[start]
        length = np.maximum(_dot(along, along), 1e-12)
        part = np.clip(_dot(centers - first, along) / length, 0.0, 1.0)
        there = first + part[:, None] * along
        gap = centers - there
        square = _dot(gap, gap)
        nearer = square < best
        best, place = np.where(nearer, square, best), np.where(nearer, start + part, place)
        foot = np.where(nearer[:, None], there, foot)
    across = normals(line, smooth)
    low = np.clip(place.astype(np.int64), 0, len(line) - 2)
    share = (place - low)[:, None]
    normal = across[low] * (1.0 - share) + across[low + 1] * share
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    side = np.where(_dot(centers - foot, normal) < 0.0, -1.0, 1.0)
    beyond = (place <= 0.0) | (place >= len(line) - 1)
    return NearestOnLine(pixels, place, normal, side * np.sqrt(best), beyond)


def _dot(one: Float64, other: Float64) -> Float64:
    return np.asarray(one[:, 0] * other[:, 0] + one[:, 1] * other[:, 1])


def _nearest_point(points: Float64, line: Float64) -> Int64:
    """Number of the line's point (N, 2) nearest to each of some points (M, 2), to a hundredth of a millimeter."""
    middle = line.mean(axis=0)
    ends = (line - middle).astype(np.float32)
    here = np.concatenate([points - middle, np.ones((len(points), 1))], axis=1).astype(np.float32)
    squares = here @ np.concatenate([-2.0 * ends.T, (ends**2).sum(axis=1)[None]])
    return np.asarray(squares.argmin(axis=1))


def normals(line: Float64, smooth: float) -> Float64:
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
    gap = line - dense[_nearest_point(line, dense)]
    return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def faces_left(midline: Float64, contours: Float64) -> bool:
    """Whether the face looks to the left: lips lie to the left of the pharynx."""
    for line in (midline, contours[CONTOURS.index("tongue")], contours[CONTOURS.index("palate_and_velum")]):
        if np.isfinite(line).all():
            return bool(line[-1, 0] < line[0, 0])
    return True
