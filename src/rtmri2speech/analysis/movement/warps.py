"""The smooth warp of a frame whose wall is moved: tissue goes along, the opposite wall stays, nothing is torn.

On the side of the tissue the movement falls off as a Gaussian, as in :mod:`rtmri2speech.analysis.widening.fields`, here
at least twice as wide as the movement is long; on the side of the airway it falls to 0 before the opposite wall. Both
are so gentle that the map from where things are to where they go can be inverted, which is done by iteration: frames
are warped by where each pixel comes from, so that a wall ends up where it is to go, and not only to first order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from rtmri2speech.analysis.movement.walls import MovedWall
from rtmri2speech.analysis.widening.fields import REACH, SMOOTH_POINTS, WIDTH_MM, PixelGrid, nearest_on_line
from rtmri2speech.arrays import Bool, Float32, Float64

# Walls that touch are taken to be so far apart, mm.
_LEAST_MM = 1.0
# Share of the room over which the movement falls to 0 in the airway, at least; and its slope there, at most.
_FALL, _STEEPEST = 0.5, 1.0 / 1.2
# Width of the fall-off in tissue, in lengths of the movement.
_WIDE = 2.0
# Each halves what is left, and more: to a hundredth of a pixel.
_ITERATIONS = 12


def movement_field(wall: MovedWall, grid: PixelGrid, width: float = WIDTH_MM) -> Float64:
    """Where everything goes, (S, S, 2), in the grid's pixels, x and y.

    Args:
        wall: that moves.
        grid: the model's pixels.
        width: standard deviation of the fall-off in tissue, mm; wider for long movements.
    """
    longest = float(np.hypot(*wall.vectors.T).max())
    width = max(width, _WIDE * longest)
    near = nearest_on_line(wall.line, grid, REACH * width, smooth=SMOOTH_POINTS)
    low = np.clip(near.place.astype(np.int64), 0, len(wall.line) - 2)
    part = (near.place - low)[:, None]
    vectors = wall.vectors[low] * (1.0 - part) + wall.vectors[low + 1] * part
    room = np.clip(np.minimum(wall.room[low], wall.room[low + 1]), _LEAST_MM, REACH * width)
    away = near.away * wall.sign
    # A wall that hardly moves needs no room to speak of: what counts is how far it goes.
    fall = np.clip(np.hypot(*vectors.T) / (_STEEPEST * room), _FALL, 1.0)
    share = np.where(away >= 0.0, np.exp(-0.5 * (away / width) ** 2), np.clip((1.0 + away / room) / fall, 0.0, 1.0))
    moves = share[:, None] * vectors / np.array(grid.steps)
    field = np.zeros((grid.size * grid.size, 2))
    field[near.pixels] = moves
    return field.reshape(grid.size, grid.size, 2)


@dataclass(frozen=True)
class WarpedPart:
    """The part of a frame in which something moves.

    Attributes:
        top, left: of the part, pixels.
        moves: (h, w, 2), where each of its pixels comes from, as a displacement.
    """

    top: int
    left: int
    moves: Float32

    def whole(self, size: int) -> Float64:
        """The displacements of a whole frame, (S, S, 2)."""
        result = np.zeros((size, size, 2))
        height, width = self.moves.shape[:2]
        result[self.top : self.top + height, self.left : self.left + width] = self.moves
        return result


def backward(field: Float64) -> WarpedPart:
    """Where each pixel comes from, as a displacement w: what lies at p came from p - w(p).

    The field v (S, S, 2) says where things go: p goes to p + v(p). So w(p) = v(p - w(p)), which is iterated.
    """
    there: Bool = np.asarray(np.abs(field).max(axis=2) > 0.0)
    if not there.any():
        return WarpedPart(0, 0, np.zeros((0, 0, 2), np.float32))
    margin = int(np.ceil(np.abs(field).max())) + 2
    rows_used, columns_used = np.nonzero(there)
    top, left = (max(int(at.min()) - margin, 0) for at in (rows_used, columns_used))
    part = field[top : int(rows_used.max()) + margin + 1, left : int(columns_used.max()) + margin + 1]
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]].astype(np.float64)
    found = part.copy()
    for _ in range(_ITERATIONS):
        places = [rows - found[..., 1], columns - found[..., 0]]
        found = np.stack([map_coordinates(part[..., axis], places, order=1, mode="nearest") for axis in (0, 1)], -1)
    return WarpedPart(top, left, found.astype(np.float32))


def moved_points(field: Float64, points: Float64, grid: PixelGrid) -> Float64:
    """Where points (..., 2), mm, go with a field: their displacements (..., 2), mm; 0 for points that are unknown."""
    known: Bool = np.asarray(np.isfinite(points).all(axis=-1))
    places = np.where(known[..., None], points, 0.0) / np.array(grid.steps) - 0.5
    moves = [
        map_coordinates(field[..., axis], [places[..., 1], places[..., 0]], order=1, mode="nearest") for axis in (0, 1)
    ]
    return np.where(known[..., None], np.stack(moves, axis=-1) * np.array(grid.steps), 0.0)
