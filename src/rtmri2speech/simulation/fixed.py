"""What never moves in the picture: the head above the mouth, the spine, the back of the neck.

Shapes are given in the frame of VocalTractLab's own speaker and fitted to another one by :class:`Build`.
They are drawn from the proportions of sagittal anatomy, from no person's image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.simulation.curves import offset_closed, smooth_closed
from rtmri2speech.simulation.tissues import Part

Floats = NDArray[np.float64]
Shapes = list[tuple[int, Floats]]
"""Polygons (P, 2) in cm with their codes, in the order of painting."""

# Of VocalTractLab's own speaker: front of the upper incisors' base, back wall of the pharynx, top of the palate.
_INCISOR, _WALL, _WALL_Y, _TILT, _PALATE = 4.7, -2.53, 0.1, 0.141, 1.6


@dataclass(frozen=True)
class Build:
    """How a speaker differs from the drawing's frame.

    Attributes:
        incisor: x of the upper incisors' base, cm.
        wall: x of the pharynx' back wall at y = 0.1 cm.
        tilt: dx / dy of that wall.
        palate: height of the palate, cm.
        nose: length of the nose, 1 for the drawing's.
        brow: how far the forehead is forward, cm.
        fat: thickness of the fat under the skin, 1 for the drawing's.
        size: of the skull, 1 for the drawing's.
        seed: of convolutions and the like.
    """

    incisor: float
    wall: float
    tilt: float
    palate: float
    nose: float = 1.0
    brow: float = 0.0
    fat: float = 1.0
    size: float = 1.0
    seed: int = 0

    def wall_x(self, y: Floats | float) -> Floats:
        """x of the pharynx' back wall at height ``y``."""
        return np.asarray(self.wall + self.tilt * (np.asarray(y) - _WALL_Y))

    def place(self, points: Floats | list[tuple[float, float]]) -> Floats:
        """From the drawing's frame to the speaker's, (P, 2) cm."""
        x, y = np.asarray(points, np.float64).T
        own = _WALL + _TILT * (y - _WALL_Y)
        # Between pharynx wall and incisors the length of the mouth decides; in front and behind, it moves along.
        share = np.clip((x - own) / (_INCISOR - own), 0.0, 1.0)
        moved = x + (self.incisor - _INCISOR) * share + (self.wall_x(y) - own) * (1.0 - share)
        # The tilt of the neck is not carried up into the head.
        moved += (1.0 - share) * (_TILT - self.tilt) * np.clip(y - 1.5, 0.0, None)
        behind = np.clip(own - x, 0.0, None)
        moved -= behind * (self.size - 1.0)
        lifted = y + (self.palate - _PALATE) * np.clip((y + 1.0) / 2.6, 0.0, 1.0)
        lifted += np.clip(y - 3.0, 0.0, None) * (self.size - 1.0)
        front = np.clip((x - 6.9) / 2.0, 0.0, None) * np.clip(1.5 - abs(y - 2.0) / 3.0, 0.0, 1.0)
        moved += (self.nose - 1.0) * 2.0 * front
        moved += self.brow * np.clip((y - 5.5) / 2.0, 0.0, 1.0) * np.clip((x - 2.0) / 4.0, 0.0, 1.0)
        return np.stack([moved, lifted], axis=-1)


_PROFILE = (
    *((6.6, 14.0), (7.05, 10.0), (7.1, 8.0), (6.85, 6.6), (6.55, 5.6), (6.6, 5.0), (7.05, 4.2), (7.75, 3.2)),
    *((8.55, 2.55), (8.95, 2.1), (8.75, 1.6), (8.1, 1.5), (7.3, 1.45), (6.72, 1.3), (6.3, 0.9), (5.6, 0.4)),
    *((4.3, -0.6), (2.0, -2.0), (0.2, -4.2), (-1.2, -6.5), (-1.6, -9.5), (-1.9, -15.5), (-13.6, -15.5)),
    *((-12.4, -11.0), (-11.5, -8.0), (-11.0, -5.0), (-11.1, -2.2), (-11.9, 0.5), (-12.7, 3.5), (-12.9, 7.0)),
    *((-12.2, 10.5), (-10.5, 14.0), (-6.0, 17.0), (2.0, 17.0)),
)
_INNER = (
    *((6.3, 1.6), (6.25, 0.95), (5.6, 0.2), (4.3, -0.8), (2.0, -2.2), (0.0, -4.4), (-1.4, -6.7), (-1.8, -9.7)),
    *((-2.1, -16.5), (-6.0, -16.5), (-6.0, 0.0), (-2.0, 3.0), (4.0, 2.5)),
)
_CRANIUM = (
    *((5.9, 6.3), (4.6, 5.75), (3.0, 5.7), (1.4, 6.0), (0.1, 6.0), (-0.6, 5.4), (-1.3, 5.2), (-1.7, 5.7)),
    *((-2.2, 4.9), (-3.0, 3.6), (-3.9, 2.3), (-5.2, 1.2), (-7.0, 1.5), (-9.2, 2.3), (-11.0, 4.2), (-11.6, 7.0)),
    *((-11.0, 11.0), (-8.0, 15.5), (0.0, 16.0), (4.8, 13.0), (6.0, 10.0), (6.2, 8.0)),
)
_NOSE = (
    *((8.0, 1.85), (7.2, 1.95), (6.3, 2.2), (5.0, 2.15), (3.0, 2.2), (1.0, 2.15), (0.2, 2.2), (-0.2, 2.9)),
    *((0.2, 4.0), (1.2, 5.0), (3.2, 5.3), (5.0, 5.2), (6.0, 4.7), (6.6, 3.8), (7.4, 2.9)),
)
_NASOPHARYNX = (
    *((1.0, 2.05), (0.6, 1.2), (-0.2, -0.3), (-1.2, -1.2), (-2.71, -1.2), (-2.53, 0.1), (-2.35, 1.2)),
    *((-2.1, 2.1), (-1.5, 2.8), (-0.7, 3.3), (0.4, 3.8), (1.0, 3.0)),
)
_INFERIOR = ((0.4, 2.55), (2.0, 2.45), (4.0, 2.5), (5.6, 2.7), (5.9, 3.2), (5.0, 3.45), (3.0, 3.3), (1.2, 3.2))
_MIDDLE = ((0.9, 3.65), (2.5, 3.6), (4.2, 3.8), (5.3, 4.2), (4.8, 4.6), (3.0, 4.5), (1.5, 4.35))
_SPHENOID = ((0.6, 4.6), (-0.3, 4.1), (-1.3, 3.6), (-1.7, 4.1), (-1.3, 4.7), (-0.4, 5.1), (0.5, 5.2))
_CLIVUS = ((-1.2, 3.2), (-2.4, 2.6), (-3.4, 1.9), (-3.75, 2.2), (-2.8, 3.6), (-2.0, 4.7), (-1.6, 4.5), (-1.8, 3.6))
_FRONTAL_SINUS = ((6.2, 6.0), (6.5, 6.6), (6.5, 7.6), (6.3, 7.9), (6.1, 7.0))
_NASAL_BONE = ((6.4, 6.1), (6.15, 5.2), (6.6, 4.6), (7.1, 3.9), (6.95, 3.9), (6.4, 4.5), (5.95, 5.1))
_TONSIL = ((-2.5, 0.9), (-2.3, 1.9), (-1.5, 2.9), (-0.6, 3.3), (-1.6, 3.4), (-2.7, 2.6), (-3.0, 1.2))
_BRAINSTEM = (
    *((-4.75, -0.5), (-4.7, 1.2), (-4.1, 2.3), (-3.4, 3.2), (-2.9, 4.2), (-3.2, 5.2), (-3.6, 6.2), (-3.0, 7.2)),
    *((-4.2, 7.6), (-5.2, 6.8), (-5.1, 5.4), (-5.3, 3.8), (-5.4, 2.4), (-5.5, 1.0), (-5.6, -0.5)),
)
_CEREBELLUM = (
    *(
        (-5.6, 4.6),
        (-5.9, 2.9),
        (-6.6, 2.1),
        (-8.2, 2.6),
        (-9.7, 3.6),
        (-10.2, 5.0),
        (-9.0, 6.2),
        (-7.0, 6.6),
        (-5.9, 5.8),
    ),
)
_CALLOSUM = (
    *((2.6, 7.9), (3.0, 9.0), (2.2, 10.1), (-0.5, 10.9), (-3.5, 10.7), (-5.4, 9.6), (-5.8, 8.6), (-5.1, 8.5)),
    *((-4.6, 9.4), (-2.8, 10.1), (-0.5, 10.3), (1.7, 9.5), (2.3, 8.8), (2.0, 8.0)),
)
_VENTRICLE = ((1.6, 9.1), (0.2, 10.0), (-2.4, 9.9), (-4.2, 9.2), (-3.0, 8.8), (-1.2, 8.9), (0.6, 8.4))
_THALAMUS = ((-0.2, 8.2), (-1.8, 8.6), (-3.3, 8.2), (-3.2, 7.4), (-1.6, 7.0), (-0.4, 7.3))


def shapes(build: Build, palate: Floats) -> Shapes:
    """Everything that never moves, from the back to the front.

    Args:
        build: the speaker.
        palate: shape (P, 2), the surface of the hard palate from the velum to the gum of the incisors.
    """
    rng = np.random.default_rng(build.seed)
    head = smooth_closed(build.place(_PROFILE))
    return [
        *_soft_tissue(build, head),
        *_brain(build, rng),
        *_nose(build),
        *_spine(build),
        *_upper_jaw(palate),
    ]


def _soft_tissue(build: Build, head: Floats) -> Shapes:
    x, y = head.T
    # Thick at the back of the neck and the cheek, thin on forehead and nose.
    neck = np.clip((4.0 - y) / 6.0, 0.0, 1.0) * (x < -5.0)
    fat = build.fat * (0.28 + 0.75 * neck)
    result: Shapes = [
        (Part.SKIN, head),
        (Part.FAT, _inset(head, 0.16)),
        (Part.MUSCLE, _inset(head, 0.16 + fat)),
        # The side towards mouth and throat has no skin.
        (Part.MUSCLE, smooth_closed(build.place(list(_INNER)))),
    ]
    # Fat between the muscles of the neck.
    for depth, width in ((1.5, 0.16), (2.5, 0.12), (3.4, 0.18)):
        points = [(-10.4, 1.6), (-10.3, -0.8), (-9.9, -3.5), (-10.1, -6.5), (-10.8, -10.0), (-12.0, -15.0)]
        line = np.array([(px + depth * (0.75 if py > 0 else 1.0), py) for px, py in points])
        band = np.concatenate([line, line[::-1] + (width, 0.0)])
        result.append((Part.FAT, smooth_closed(build.place(band))))
    return result


def _brain(build: Build, rng: np.random.Generator) -> Shapes:
    inside = smooth_closed(build.place(_CRANIUM))
    result: Shapes = [
        (Part.CORTICAL, _inset(inside, -0.62)),
        (Part.MARROW, _inset(inside, -0.45)),
        (Part.CORTICAL, _inset(inside, -0.16)),
        (Part.CSF, inside),
        (Part.GREY, _inset(inside, 0.22)),
        (Part.WHITE, _inset(inside, 0.75)),
    ]
    result += _furrows(inside, rng)
    for part, points in (
        (Part.CSF, ((-1.0, 5.6), (-3.0, 5.4), (-6.3, 5.2), (-6.9, 1.9), (-4.6, 1.4), (-2.6, 4.2))),
        (Part.GREY, _CEREBELLUM),
        (Part.WHITE, _CALLOSUM),
        (Part.CSF, _VENTRICLE),
        (Part.GREY, _THALAMUS),
        (Part.CORD, _BRAINSTEM),
    ):
        result.append((part, smooth_closed(build.place(list(points)))))
    # Folia of the cerebellum: a fan of white matter.
    for angle in np.linspace(-1.9, 1.2, 9):
        start, way = np.array((-6.4, 4.3)), np.array((-np.cos(angle), np.sin(angle)))
        across = np.array((-way[1], way[0])) * 0.07
        end = start + way * (2.2 + 0.7 * np.cos(angle))
        result.append((Part.WHITE, build.place(np.stack([start - across, start + across, end + across, end - across]))))
    result.append((Part.CSF, smooth_closed(build.place([(-5.4, 4.9), (-5.3, 3.8), (-5.6, 2.9), (-5.9, 4.0)]))))
    return result


def _furrows(inside: Floats, rng: np.random.Generator) -> Shapes:
    """Sulci: fluid, lined with grey matter, from the surface of the brain inwards."""
    result: Shapes = []
    count = len(inside)
    centre = inside.mean(axis=0)
    place = 0.0
    while place < count - 1:
        root = inside[int(place)]
        place += rng.uniform(1.6, 3.0)
        if root[1] < 6.3:
            continue
        way = (centre - root) / np.hypot(*(centre - root))
        across = np.array((-way[1], way[0]))
        length, bend = rng.uniform(0.9, 2.6), rng.uniform(-0.5, 0.5)
        middle, end = root + 0.5 * length * way + 0.3 * bend * across, root + length * way + bend * across
        for part, half in ((Part.GREY, 0.30), (Part.CSF, 0.07)):
            side = across * half
            band = np.stack([root - side, middle - side, end, middle + side, root + side])
            result.append((part, smooth_closed(band)))
    return result


def _nose(build: Build) -> Shapes:
    return [
        (part, smooth_closed(build.place(list(points))))
        for part, points in (
            (Part.MARROW, _CLIVUS),
            (Part.GLAND, _TONSIL),
            (Part.HOLLOW, _NASOPHARYNX),
            (Part.SEPTUM, _NOSE),
            (Part.TURBINATE, _INFERIOR),
            (Part.TURBINATE, _MIDDLE),
            (Part.HOLLOW, _SPHENOID),
            (Part.HOLLOW, _FRONTAL_SINUS),
            (Part.CORTICAL, _NASAL_BONE),
        )
    ]


def _upper_jaw(palate: Floats) -> Shapes:
    """Mucosa, bone and marrow above the palate's surface; the marrow is thick over the incisors."""
    place = np.linspace(0.0, 1.0, len(palate))[:, None]
    up = np.array((-0.15, 1.0))
    roof = palate + up * (0.35 + 0.25 * np.clip(place - 0.4, 0, 1))
    top = np.array([(palate[-1, 0] + 0.75, palate[-1, 1] + 0.35), (palate[-1, 0] + 0.95, palate[-1, 1] + 1.6)])
    block = np.concatenate(
        [palate, top, [(palate[-1, 0] - 0.3, palate.max() * 0 + palate[:, 1].max() + 0.55)], roof[::-1]]
    )
    bone = np.concatenate([palate + up * 0.2, top - (0.12, 0.0), roof[::-1] + (0.0, 0.1)])
    gum = palate[-1]
    marrow = np.array(
        [
            gum + (-0.62, 1.15),
            gum + (-0.15, 0.62),
            gum + (0.25, 0.3),
            gum + (0.62, 0.45),
            gum + (0.72, 1.35),
            gum + (0.3, 1.7),
            gum + (-0.6, 1.9),
            gum + (-1.6, 1.95),
            gum + (-1.5, 1.75),
        ]
    )
    root = np.array([gum + (0.05, 0.05), gum + (0.68, 0.05), gum + (0.6, 0.6), gum + (0.25, 1.25), gum + (0.1, 0.8)])
    return [
        (Part.MUCOSA, block),
        (Part.CORTICAL, bone),
        (Part.MARROW, smooth_closed(marrow)),
        (Part.TOOTH, root),
    ]


def _spine(build: Build) -> Shapes:
    def at(depth: Floats | float, y: Floats | float) -> Floats:
        """``depth`` cm behind the pharynx wall, which the spine leaves slowly further down."""
        depth, y = np.broadcast_arrays(np.asarray(depth, np.float64), np.asarray(y, np.float64))
        return np.stack([build.wall_x(y) - depth - 0.10 * np.clip(-2.0 - y, 0.0, 6.0), y], axis=-1)

    rows = np.linspace(-15.5, 1.6, 40)

    def column(near: float, far: float) -> Floats:
        return np.concatenate([at(near, rows), at(far, rows[::-1])])

    result: Shapes = [
        (Part.DARK_MUSCLE, np.concatenate([at(0.2, rows), at(0.5, rows[::-1])])),
        (Part.CORTICAL, column(0.42, 2.5)),
        (Part.CSF, column(2.28, 3.75)),
        (Part.CORD, column(2.68, 3.42)),
        (Part.DARK_MUSCLE, column(3.8, 3.95)),
    ]
    tops = np.array([1.3, *(-2.25 - 1.72 * np.arange(8))])
    bottoms = np.array([-1.95, *(-2.25 - 1.72 * np.arange(8) - 1.34)])
    for number, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        front, back = (0.95, 2.0) if number == 0 else (0.5, 2.25)
        if number == 0:
            result.append((Part.MARROW, smooth_closed(at([0.32, 0.3, 0.72, 0.75], [0.75, -0.1, -0.1, 0.75]))))
            corners = at([1.05, 0.6, 0.55, 2.2, 2.15, 1.9, 1.6], [0.9, -0.9, bottom, bottom, -0.9, 0.9, 1.25])
        else:
            corners = at(
                [front, front + 0.06, front, back, back - 0.06, back],
                [top, (top + bottom) / 2, bottom] * 1 + [bottom, (top + bottom) / 2, top],
            )
        result.append((Part.MARROW, corners))
        disc = at(
            [front + 0.12, front + 0.12, back - 0.1, back - 0.1],
            [bottom - 0.09, bottom - 0.29, bottom - 0.29, bottom - 0.09],
        )
        result.append((Part.DISC, disc))
        slant = 0.55
        low = (top + bottom) / 2 - 0.5
        length = (1.9, 1.5, 1.5, 1.6, 1.9, 2.5, 2.8, 2.9, 3.0)[number]
        process = [4.0, 4.1 + length, 4.2 + length, 4.0]
        for part, half in ((Part.CORTICAL, 0.42), (Part.MARROW, 0.27)):
            inset = 0.0 if part == Part.CORTICAL else 0.12
            spans = np.array(process) + (inset, -inset, -inset, inset)
            heights = np.array([low + half, low + half - slant, low - half - slant, low - half])
            result.append((part, smooth_closed(at(spans, heights), 3)))
    return result


def _inset(outline: Floats, distance: float | Floats) -> Floats:
    """A closed curve moved inwards by ``distance`` cm (outwards when negative)."""
    x, y = outline.T
    clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0
    return offset_closed(outline, -np.asarray(distance) if clockwise else np.asarray(distance))
