"""Which wall moves, where to, and whether the passage allows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rtmri2speech.analysis.widening.fields import SMOOTH_POINTS, faces_left, normals, outward_sign
from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.outlines import arc_length
from rtmri2speech.vocal_tract.refinement.tongue_parts import ROOT_END, TIP_START

Direction = Literal["up", "down", "front", "back", "open", "close"]
"""In the frame, front being where the face looks; or, of every point by itself, away from the airway and towards it."""

DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

TONGUE_PARTS = {"tongue_root": (0.0, ROOT_END), "tongue_body": (ROOT_END, TIP_START), "tongue_tip": (TIP_START, 1.0)}
"""Shares of the tongue's surface, from the root to the apex."""

MOVABLE = (CONTOURS[0], *TONGUE_PARTS, *CONTOURS[1:])
"""What can be moved: contours, and the parts of the tongue."""

MOST_MM = 10.0
"""The largest movement."""

# Along the surface, mm: how far the movement of a part of the tongue takes to fade, half of it on either side.
_FADE_MM = 10.0
# A point faces the passage where it lies about half of the distance of the walls from the midline, to so many mm.
_FACING_MM = 3.0
# Points that move by this share of the movement or more have to have room.
_COUNTS = 0.5


@dataclass(frozen=True)
class Movement:
    """A movement of one articulator.

    Attributes:
        articulator: one of :data:`MOVABLE`.
        direction: one of :data:`DIRECTIONS`.
        mm: how far.
    """

    articulator: str
    direction: Direction
    mm: float

    @property
    def name(self) -> str:
        """As part of a file's name."""
        return f"{self.articulator}_{self.direction}_{self.mm:g}mm"

    def __str__(self) -> str:
        return f"{self.articulator.replace('_', ' ')} {self.direction} by {self.mm:g} mm"

    @property
    def contour(self) -> str:
        """The contour that the articulator is, or is a part of."""
        return CONTOURS[0] if self.articulator in TONGUE_PARTS else self.articulator

    def shares(self, along: Float64) -> Float64:
        """How much each point of the contour goes along, (P,), 0 to 1, from its place along it, (P,), mm.

        Those of the tongue's parts add up to 1 everywhere.
        """
        part = TONGUE_PARTS.get(self.articulator)
        if part is None:
            return np.ones(len(along))
        whole = float(along[-1])
        rising, falling = (_step((along - share * whole) / _FADE_MM) for share in part)
        rising = np.ones(len(along)) if part[0] <= 0.0 else rising
        falling = np.zeros(len(along)) if part[1] >= 1.0 else falling
        return np.asarray(rising - falling)


def parse_movement(articulator: str, direction: str, by: float | str) -> Movement:
    """A movement from words.

    Args:
        articulator: one of :data:`MOVABLE`.
        direction: one of :data:`DIRECTIONS`.
        by: mm; as text also ``1mm`` or ``0.1cm``.

    Raises:
        ConfigError: naming what can be moved, where to, and how far.
    """
    wanted = articulator.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted not in MOVABLE:
        raise ConfigError(f"`articulator={articulator}`: not known.", f"Choose from {', '.join(MOVABLE)}.")
    known = next((one for one in DIRECTIONS if one == direction), None)
    if known is None:
        raise ConfigError(f"`direction={direction}`: not known.", f"Choose from {', '.join(DIRECTIONS)}.")
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(mm|cm)?\s*", str(by))
    mm = float(found[1]) * (10.0 if found[2] == "cm" else 1.0) if found else float("nan")
    if not 0.0 < mm <= MOST_MM:
        raise ConfigError(
            f"`by={by}`: not a distance of more than 0 and at most {MOST_MM:g} mm.", "Give millimeters, such as 1mm."
        )
    return Movement(wanted, known, mm)


@dataclass(frozen=True)
class MovedWall:
    """A contour of P points that moves, all in mm.

    Attributes:
        line: (P, 2), where it is.
        vectors: (P, 2), where each point goes.
        outward: (P, 2), unit vectors away from the airway.
        sign: 1 where these point to the left of travel, else -1.
        room: (P,), of the opposite wall; infinite where there is none.
        shares: (P,), how much of the movement each point makes.
    """

    line: Float64
    vectors: Float64
    outward: Float64
    sign: float
    room: Float64
    shares: Float64

    def is_possible(self) -> bool:
        """Whether the wall nowhere meets the opposite one, nor touches it already."""
        counts = self.shares >= _COUNTS
        closing = -(self.vectors * self.outward).sum(axis=1)
        return not bool((counts & (self.room <= np.maximum(closing, 0.0))).any())

    def narrowest(self) -> float:
        """The least room of the points that move, mm."""
        return float(self.room[self.shares >= _COUNTS].min(initial=np.inf))


def moved_wall(movement: Movement, midline: Float64, distance: Float64, contours: Float64) -> MovedWall | None:
    """The wall of a frame that a movement is about; None where the frame does not show it, or shows no tract.

    Args:
        movement: which.
        midline: (41, 2), mm.
        distance: (40,), mm.
        contours: (6, P, 2), mm.
    """
    line = contours[CONTOURS.index(movement.contour)]
    if not (np.isfinite(line).all() and np.isfinite(midline).all() and np.isfinite(distance).all()):
        return None
    if len(np.unique(line, axis=0)) < 3:
        return None
    leftward = faces_left(midline, contours)
    sign = outward_sign(movement.contour, leftward)
    outward = sign * normals(line, SMOOTH_POINTS)
    shares = movement.shares(arc_length(line))
    vectors = movement.mm * shares[:, None] * _unit(movement.direction, outward, leftward)
    return MovedWall(line, vectors, outward, sign, _room(line, midline, distance), shares)


def _unit(direction: Direction, outward: Float64, leftward: bool) -> Float64:
    """Unit vectors (P, 2) of a direction; y points down."""
    if direction in ("open", "close"):
        return outward if direction == "open" else -outward
    front = -1.0 if leftward else 1.0
    ways = {"up": (0.0, -1.0), "down": (0.0, 1.0), "front": (front, 0.0), "back": (-front, 0.0)}
    return np.broadcast_to(np.array(ways[direction]), outward.shape)


def _room(line: Float64, midline: Float64, distance: Float64) -> Float64:
    """Distance (P,) of the opposite wall from each point of a contour; infinite where it faces none."""
    middles, steps = 0.5 * (midline[:-1] + midline[1:]), np.diff(midline, axis=0)
    gaps = line[:, None] - middles
    nearest = np.hypot(gaps[..., 0], gaps[..., 1]).argmin(axis=1)
    gap, step, own = gaps[np.arange(len(line)), nearest], steps[nearest], distance[nearest]
    # Beyond larynx and lips the nearest section is the last one, and does not lie across.
    size = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)
    outside = np.abs((gap * step).sum(axis=1)) / size > size
    far = np.hypot(gap[:, 0], gap[:, 1]) > 0.5 * own + _FACING_MM
    return np.where(outside | far, np.inf, own)


def _step(place: Float64) -> Float64:
    """0 below -1/2, 1 above 1/2, a cosine's half wave between."""
    return np.asarray(0.5 + 0.5 * np.sin(np.pi * np.clip(place, -0.5, 0.5)))
