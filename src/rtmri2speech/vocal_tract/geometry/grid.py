"""A fixed grid across the airway of a recording: lines from inner to outer wall, ordered from glottis to lips.

As in the grids of Öhman (1967) and Maeda (1979), lines do not move with the tongue: they are laid once per recording,
across a reference line through the average airway. What moves is where walls lie on them, so that a closure does not
make the grid jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from rtmri2speech.arrays import Bool, Float32, Float64, Floating, Int64
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.outlines import arc_length, resample

LINES = 112
"""Lines across the airway, those beyond glottis and lips included."""

SAMPLES = 57
"""Points of each line."""

CHANNELS = ("airway", "inner", "outer", "upper_lip", "lower_lip", "larynx")
"""What is read along lines: air, walls on the side of tongue and jaw, walls on the side of palate and throat, and
what the ends of the tract are found by."""

_MEMBERS = {
    "inner": ("lower_lip", "tongue", "jaw"),
    "outer": ("upper_lip", "hard_palate", "velum", "pharyngeal_wall"),
}
_NUMBER = {name: number for number, name in enumerate(CLASSES)}
# In shares of the reference line's length: how far lines go on beyond its ends, how far they reach to either side, and
# how much it is smoothed.
_BEYOND, _REACH, _SMOOTH = 0.14, 0.16, 0.035
_LEAST_OPEN = 0.03
_PRESENT = 0.5


@dataclass(frozen=True)
class TractGrid:
    """Lines across the airway, in pixels of the segmenter's square.

    Attributes:
        origins: (M, 2), where each line meets the reference line; x, y from the square's corner.
        normals: (M, 2), unit vectors along each line, from the inner to the outer wall.
        offsets: (S,), places of a line's points, pixels from its origin; positive towards the outer wall.
        length: of the reference line between glottis and lips in the average frame, pixels.
        first, last: numbers of the lines that glottis and lips lie at in the average frame.
    """

    origins: Float64
    normals: Float64
    offsets: Float64
    length: float
    first: int
    last: int

    @property
    def step(self) -> float:
        """Pixels between neighboring points of a line."""
        return float(self.offsets[1] - self.offsets[0])

    @property
    def spacing(self) -> float:
        """Pixels between neighboring lines at the reference line."""
        return float(np.hypot(*np.diff(self.origins, axis=0).T).mean())

    def points(self, offsets: Floating) -> Float64:
        """x, y (..., M, 2) of places (..., M) on the lines."""
        return np.asarray(self.origins + offsets[..., None] * self.normals)


def channels(probabilities: Floating) -> Float32:
    """Probabilities (C, H, W) of the classes as those of :data:`CHANNELS`, (6, H, W)."""
    result = np.empty((len(CHANNELS), *probabilities.shape[1:]), np.float32)
    for index, name in enumerate(CHANNELS):
        members = _MEMBERS.get(name, (name,))
        np.copyto(result[index], probabilities[_NUMBER[members[0]]])
        for member in members[1:]:
            result[index] += probabilities[_NUMBER[member]]
    return result


class LineReader:
    """Reads probabilities along the lines of a grid by bilinear interpolation; of maps, only what the lines cross.

    Args:
        grid: the lines.
        shape: (H, W) of the maps.
    """

    def __init__(self, grid: TractGrid, shape: tuple[int, int]) -> None:
        height, width = shape
        places = grid.origins[:, None] + grid.offsets[None, :, None] * grid.normals[:, None] - 0.5
        x, y = np.clip(places[..., 0], 0, width - 1.001), np.clip(places[..., 1], 0, height - 1.001)
        beyond = (places < -0.5) | (places > np.array([width, height]) - 0.5)
        self.outside: Bool = np.asarray(beyond.any(axis=-1))
        column, row = x.astype(np.intp), y.astype(np.intp)
        right, down = (x - column).astype(np.float32), (y - row).astype(np.float32)
        self._box = (slice(row.min(), row.max() + 2), slice(column.min(), column.max() + 2))
        across = int(column.max() + 2 - column.min())
        start: Int64 = (row - row.min()) * across + column - column.min()
        self._corners = [start, start + 1, start + across, start + across + 1]
        self._weights = [(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down]
        self._part = np.empty((len(CHANNELS), *self.outside.shape), np.float32)

    def read(self, probabilities: Floating) -> Float32:
        """Values (6, M, S) of :data:`CHANNELS`, from probabilities (C, H, W); 0 outside of the maps."""
        maps = channels(probabilities[:, *self._box])
        flat = maps.reshape(len(maps), -1)
        result = np.zeros(self._part.shape, np.float32)
        for corner, weight in zip(self._corners, self._weights, strict=True):
            # All corners lie within: with "clip" nothing has to be looked at twice.
            np.take(flat, corner, axis=1, out=self._part, mode="clip")
            np.multiply(self._part, weight, out=self._part)
            result += self._part
        result[:, self.outside] = 0.0
        return result


def lay_grid(average: Floating) -> TractGrid | None:
    """A grid for a recording whose probabilities (C, H, W) are these on average; None where there is no tract.

    The reference line is the cheapest way (Dijkstra 1959) from the lower end of the airway in the larynx to between the
    lips, through what is mostly air or lies between inner and outer walls; smoothed, and carried on straight.
    """
    maps = channels(average)
    if _faces_right(maps):
        mirrored = lay_grid(average[:, :, ::-1])
        if mirrored is None:
            return None
        width = average.shape[2]
        origins = mirrored.origins * [-1.0, 1.0] + [width, 0.0]
        return TractGrid(
            origins, mirrored.normals * [-1.0, 1.0], mirrored.offsets, mirrored.length, mirrored.first, mirrored.last
        )
    ends = _ends(maps)
    if ends is None:
        return None
    line = _cheapest(_openness(maps), *ends)
    return _lines_across(line)


def _faces_right(maps: Float32) -> bool:
    lips, rear = maps[[3, 4]].sum(axis=0).sum(axis=0), (maps[5] + maps[2]).sum(axis=0)
    columns = np.arange(maps.shape[2])
    return bool(lips.sum() > 1 and rear.sum() > 1 and lips @ columns / lips.sum() > rear @ columns / rear.sum())


def _openness(maps: Float32) -> Float64:
    """How much each pixel is air, or lies between inner and outer walls, 0 to 1."""
    air, inner, outer = (gaussian_filter(one.astype(np.float64), 1.0) for one in maps[:3])
    return np.asarray(np.maximum(air, 4.0 * inner * outer).clip(0.0, 1.0))


def _ends(maps: Float32) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Row and column of the glottis and of the middle between the lips."""
    height, width = maps.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    centers = []
    for lip in maps[3:5]:
        weight = np.where(lip >= 0.3, lip, 0.0)
        if weight.sum() < 3.0:
            return None
        centers.append((float((weight * rows).sum() / weight.sum()), float((weight * columns).sum() / weight.sum())))
    air = np.where(maps[0] >= _PRESENT, 1.0, 0.0)
    larynx = maps[5] >= _PRESENT
    if larynx.sum() < 3:
        larynx = rows > np.quantile(rows[air > 0], 0.85) if air.any() else larynx
    if not larynx.any() or not air.any():
        return None
    # The lowest air at the larynx, else the middle of the larynx.
    left, right = columns[larynx].min(), columns[larynx].max()
    within = (air > 0) & (columns >= left) & (columns <= right) & (rows >= rows[larynx].min() - 2)
    if within.any():
        bottom = rows[within].max()
        near = within & (rows >= bottom - 5)
        low = (int(bottom), int(np.rint(columns[near].mean())))
    else:
        low = (int(rows[larynx].mean()), int(columns[larynx].mean()))
    lips = np.mean(centers, axis=0)
    return low, (int(np.rint(lips[0])), int(np.rint(lips[1])))


def _cheapest(openness: Float64, start: tuple[int, int], end: tuple[int, int]) -> Float64:
    """Points (N, 2) of the cheapest way over pixels; x, y from the corner."""
    height, width = openness.shape
    cost = 1.0 / np.maximum(openness, _LEAST_OPEN) ** 2
    number = np.arange(height * width).reshape(height, width)
    one, other, weight = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, height - down), slice(max(-right, 0), width - max(right, 0)))
        there = (slice(down, height), slice(max(right, 0), width + min(right, 0)))
        one.append(number[here].ravel())
        other.append(number[there].ravel())
        weight.append((0.5 * np.hypot(down, right) * (cost[here] + cost[there])).ravel())
    graph = coo_matrix(
        (np.concatenate(weight), (np.concatenate(one), np.concatenate(other))), shape=(height * width,) * 2
    )
    source, target = number[start], number[end]
    _, before = dijkstra(graph.tocsr(), directed=False, indices=source, return_predecessors=True)
    way = [int(target)]
    while way[-1] != source:
        way.append(int(before[way[-1]]))
    rows, columns = np.divmod(np.array(way[::-1]), width)
    return np.stack([columns + 0.5, rows + 0.5], axis=1)


def _lines_across(line: Float64) -> TractGrid:
    """Lines at equal distances across a line (N, 2), smoothed."""
    count = 200
    even = resample(line, count)
    # Smoothed about its ends as if it went on straight.
    pad = round(3 * _SMOOTH * count)
    before = even[0] - np.arange(pad, 0, -1)[:, None] * (even[pad] - even[0]) / pad
    after = even[-1] + np.arange(1, pad + 1)[:, None] * (even[-1] - even[-1 - pad]) / pad
    smooth = gaussian_filter1d(np.concatenate([before, even, after]), _SMOOTH * count, axis=0, mode="nearest")
    smooth = smooth[pad:-pad]
    length = float(arc_length(smooth)[-1])
    return _across(smooth, length)


def _across(smooth: Float64, length: float) -> TractGrid:
    beyond = _BEYOND * length
    start, end = (smooth[0] - smooth[12], smooth[-1] - smooth[-13])
    whole = np.concatenate(
        [
            [smooth[0] + start * beyond / np.hypot(*start)],
            smooth,
            [smooth[-1] + end * beyond / np.hypot(*end)],
        ]
    )
    origins = resample(whole, LINES)
    tangents = np.gradient(gaussian_filter1d(origins, 2.0, axis=0, mode="nearest"), axis=0)
    tangents /= np.hypot(*tangents.T)[:, None]
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    offsets = np.linspace(-_REACH, _REACH, SAMPLES) * length
    first = round((LINES - 1) * _BEYOND / (1.0 + 2.0 * _BEYOND))
    return TractGrid(origins, normals, offsets, length, first, LINES - 1 - first)


def settled_grid(grid: TractGrid, middles: Sequence[Float64]) -> TractGrid:
    """The grid laid anew across the median of midlines (M,) that were found on it, so that it lies in the middle."""
    middle = np.median(np.stack(list(middles)), axis=0)
    line = grid.points(gaussian_filter1d(middle, 2.0))[grid.first : grid.last + 1]
    (right, down), (across, below) = grid.origins[6] - grid.origins[4], grid.normals[5]
    mirrored = bool(right * below - down * across < 0)
    if not mirrored:
        return _lines_across(line)
    turned = _lines_across(line * [-1.0, 1.0])
    return TractGrid(
        turned.origins * [-1.0, 1.0],
        turned.normals * [-1.0, 1.0],
        turned.offsets,
        turned.length,
        turned.first,
        turned.last,
    )
