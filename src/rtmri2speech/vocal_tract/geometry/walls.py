"""Where the walls of the airway lie on the lines of a grid, frame by frame, and where the tract begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from rtmri2speech.arrays import Bool, Float32, Float64, Floating, Int64
from rtmri2speech.vocal_tract.geometry.grid import CHANNELS, LineReader, TractGrid

LEVELS = (0.95, 0.5, 0.05)
"""Probabilities of air at which walls are looked for: surely within, as likely as not, surely beyond."""

OPEN_PEAK = 0.2
"""Walls touch where air is less probable than this everywhere between them: so 96 % of the closures of simulated
speakers are found, and one in ten of their openings of 0.1 to 0.5 cm2 is taken for closed. At a half it was one in
five, and the tube's formants were lost with them."""

LIP_SHARE = 0.45
"""Where the tract ends between the rear (0) and the front (1) of what both lips cover."""

FLOOR_SHARE = 0.02
"""Height of the glottis above the lower end of the larynx, in shares of the tract's length."""

# Frames that are looked at together.
_BLOCK = 32
_AIR, _INNER, _OUTER, _UPPER, _LOWER, _LARYNX = range(len(CHANNELS))
# In shares of the length of the tract: how far about a place in the channel air is looked for, the blur that draws the
# channel to the middle of the air, how far from a boundary its sides are looked up.
_NEAR, _BLUR, _SIDES = 0.02, 0.012, 0.012
# Pixels between walls below which the sum of probabilities is asked too.
_NARROW = 2.0
# Cost of moving the channel by one point from line to line (squared), and the farthest move.
_TURN, _MOST = 0.015, 3


@dataclass(frozen=True)
class Walls:
    """Walls of T frames on the M lines of a grid, pixels from the lines' origins.

    Attributes:
        inner, outer: (T, M, 3), at each of :data:`LEVELS`; both at the channel's place where there is no air. Walls of
            the middle level that are less than a pixel or two apart are as far apart as the sum of probabilities
            between them: what is narrower than a pixel is air in part.
        center: (T, M), the middle of the air, or where inner and outer wall touch.
        glottis, lips: (T,), where the tract begins and ends, in numbers of lines; NaN where that is out of view.
    """

    inner: Float64
    outer: Float64
    center: Float64
    glottis: Float64
    lips: Float64


def find_walls(frames: Iterable[Floating], grid: TractGrid) -> Walls:
    """Walls in every frame's probabilities (C, S, S); memory does not grow with the maps."""
    parts = list(_blocks(iter(frames), grid))
    if not parts:
        lines = len(grid.origins)
        nothing = np.zeros((0, lines, len(LEVELS)))
        return Walls(nothing, nothing, np.zeros((0, lines)), np.zeros(0), np.zeros(0))
    return Walls(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _blocks(frames: Iterator[Floating], grid: TractGrid) -> Iterator[tuple[Float64, ...]]:
    reader: LineReader | None = None
    read: list[Float32] = []
    for one in frames:
        maps = np.asarray(one)
        reader = reader or LineReader(grid, (maps.shape[1], maps.shape[2]))
        read.append(reader.read(maps))
        if len(read) == _BLOCK:
            yield _in_block(np.stack(read, axis=1), grid)
            read = []
    if read:
        yield _in_block(np.stack(read, axis=1), grid)


def _in_block(values: Float32, grid: TractGrid) -> tuple[Float64, ...]:
    """Walls and ends from values (6, B, M, S)."""
    place = _channel(values, grid)
    inner, outer, center = _around(values[_AIR], place, grid)
    glottis, lips = _glottis(values, place, grid), _lips(values, place)
    return inner, outer, center, glottis, lips


def _channel(values: Float32, grid: TractGrid) -> Int64:
    """The point of each line that the tract runs through, (B, M): the cheapest way over lines (Viterbi 1967)."""
    sides = max(round(_SIDES * grid.length / grid.step), 1)
    air, inner, outer = (values[index] for index in (_AIR, _INNER, _OUTER))
    touching = np.zeros_like(air)
    touching[..., sides:-sides] = np.sqrt(inner[..., : -2 * sides] * outer[..., 2 * sides :])
    cost = 1.0 - gaussian_filter1d(np.maximum(air, touching), _BLUR * grid.length / grid.step, axis=-1, mode="nearest")
    return _cheapest_way(np.ascontiguousarray(np.moveaxis(cost, 0, -1)))


def _cheapest_way(cost: Float32) -> Int64:
    """The point of each line, (B, M), on the cheapest way over lines of S points, (M, S, B)."""
    lines, count, frames = cost.shape
    price = _TURN * (np.arange(-_MOST, _MOST + 1).astype(np.float32) ** 2)
    # Cheapest ways to the points of each line, with room for moves beyond its ends.
    best = np.full((lines, count + 2 * _MOST, frames), np.inf, np.float32)
    best[0, _MOST:-_MOST] = cost[0]
    option = np.empty((count, frames), np.float32)
    for line in range(1, lines):
        least = best[line, _MOST:-_MOST]
        np.add(best[line - 1, :count], price[0], out=least)
        for move in range(1, 2 * _MOST + 1):
            np.add(best[line - 1, move : move + count], price[move], out=option)
            np.minimum(least, option, out=least)
        least += cost[line]
    every, moves = np.arange(frames), np.arange(2 * _MOST + 1)[:, None]
    place = np.empty((lines, frames), np.int64)
    place[-1] = best[-1, _MOST:-_MOST].argmin(axis=0)
    for line in range(lines - 1, 0, -1):
        options = best[line - 1, place[line] + moves, every] + price[:, None]
        place[line - 1] = place[line] + options.argmin(axis=0) - _MOST
    return np.ascontiguousarray(place.T)


def _around(air: Float32, place: Int64, grid: TractGrid) -> tuple[Float64, Float64, Float64]:
    """Inner and outer wall (B, M, 3) and center (B, M), pixels from the lines' origins."""
    count = air.shape[-1]
    peak = np.where(_near(place, count, grid), air, np.float32(-1.0)).argmax(axis=-1)
    # Where the place itself is in the air, it is the better start: it lies in the middle.
    start = np.where(_at(air, place) >= 0.5, place, peak)
    top, first = _at(air, peak), _at(air, start)
    result = np.empty((2, *air.shape[:2], len(LEVELS)))
    for index, level in enumerate(LEVELS):
        # Air that never gets as likely as this: the channel has no width at this level.
        begin = np.where(first >= level, start, peak)
        none, below = top < level, air < level
        for side, sign in enumerate((-1, 1)):
            result[side, ..., index] = np.where(none, begin, _crossing(air, below, begin, level, sign))
    offset = result * grid.step + grid.offsets[0]
    touch = grid.offsets[0] + grid.step * place
    closed = top < OPEN_PEAK
    middle = 0.5 * (offset[0, ..., 1] + offset[1, ..., 1])
    low, high = np.ceil(result[0, ..., 2] - 1.0), np.floor(result[1, ..., 2] + 1.0)
    points = _points(count)
    possible = (points >= low.astype(np.int16)[..., None]) & (points <= high.astype(np.int16)[..., None])
    total = np.where(closed, 0.0, (air * possible).sum(axis=-1) * grid.step)
    narrow = (offset[1, ..., 1] - offset[0, ..., 1] < np.minimum(total, _NARROW)) & ~closed
    for side, half in enumerate((-0.5, 0.5)):
        offset[side, ..., 1] = np.where(narrow, middle + half * total, np.where(closed, middle, offset[side, ..., 1]))
    center = np.where(closed, touch, middle)
    return offset[0], offset[1], center


def _points(count: int) -> NDArray[np.int16]:
    """Numbers of a line's points: short ones, since they are compared with every place."""
    return np.arange(count, dtype=np.int16)


def _near(place: Int64, count: int, grid: TractGrid) -> Bool:
    """Points (B, M, S) near the channel's (B, M)."""
    near = max(round(_NEAR * grid.length / grid.step), 1)
    points, at = _points(count), place.astype(np.int16)[..., None]
    return np.asarray((points >= at - near) & (points <= at + near))


def _at(values: Floating, place: Int64) -> Floating:
    """Values (B, M) of (B, M, S) at a point of each line."""
    flat = values.reshape(-1)
    return np.asarray(flat[np.arange(0, flat.size, values.shape[-1]).reshape(place.shape) + place])


def _crossing(air: Float32, below: Bool, start: Int64, level: float, sign: int) -> Float64:
    """Where air falls below a level first, from a start (B, M) to one side; points, by linear interpolation."""
    count = air.shape[-1]
    points, begin = _points(count), start.astype(np.int16)[..., None]
    if sign > 0:
        there = below & (points > begin)
        found, none = there.argmax(axis=-1), ~there.any(axis=-1)
        found[none] = count
    else:
        there = below[..., ::-1] & (points[::-1] < begin)
        found, none = there.argmax(axis=-1), ~there.any(axis=-1)
        found = count - 1 - found
        found[none] = -1
    at, before = np.clip(found, 0, count - 1), np.clip(found - sign, 0, count - 1)
    low, high = _at(air, at).astype(np.float64), _at(air, before).astype(np.float64)
    share = np.where(high > low, (high - level) / np.maximum(high - low, 1e-9), 0.0).clip(0.0, 1.0)
    return np.asarray(np.where(none, at, before + sign * share))


def _lips(values: Float32, place: Int64) -> Float64:
    """The line at which the tract ends, (B,): within the stretch of lines that pass both lips."""
    points, at = _points(values.shape[-1]), place.astype(np.int16)[..., None]
    upper = (values[_UPPER] * (points >= at)).max(axis=-1)
    lower = (values[_LOWER] * (points <= at)).max(axis=-1)
    both = np.minimum(upper, lower)
    front = _last_above(both, 0.5)
    rear = both.shape[1] - 1 - _last_above(both[:, ::-1], 0.5)
    return np.asarray(rear + LIP_SHARE * (front - rear))


def _glottis(values: Float32, place: Int64, grid: TractGrid) -> Float64:
    """The first line with air or larynx in the channel, less the floor of the larynx, (B,)."""
    half = (grid.first + grid.last) // 2
    near = _near(place[:, :half], values.shape[-1], grid)
    inside = np.zeros((len(place), place.shape[1]))
    both = values[_AIR][:, :half] + values[_LARYNX][:, :half]
    inside[:, :half] = (both * near).sum(axis=-1) / near.sum(axis=-1)
    first = (inside.shape[1] - 1) - _last_above(inside[:, ::-1], 0.5)
    return np.asarray(first + FLOOR_SHARE * grid.length / grid.spacing)


def _last_above(values: Floating, level: float) -> Float64:
    """The last place where values (B, M) are above a level, by linear interpolation; NaN where they never are."""
    above = values >= level
    count = values.shape[1]
    last = count - 1 - above[:, ::-1].argmax(axis=1)
    after = np.minimum(last + 1, count - 1)
    rows = np.arange(len(values))
    high, low = values[rows, last].astype(np.float64), values[rows, after].astype(np.float64)
    share = np.where(high > low, (high - level) / np.maximum(high - low, 1e-9), 0.0).clip(0.0, 1.0)
    return np.where(above.any(axis=1), last + share, np.nan)
