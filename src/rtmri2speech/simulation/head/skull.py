"""Skull, brain and spine: never moving, seen dimly behind the vocal tract."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rtmri2speech.simulation.head.proportions import Build
from rtmri2speech.simulation.head.splines import Floats, Shapes, inset, moved, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

_CRANIUM = (
    *((5.9, 6.3), (4.6, 5.75), (3.0, 5.7), (1.4, 6.0), (0.1, 6.0), (-0.6, 5.4), (-1.3, 5.2), (-1.7, 5.7)),
    *((-2.2, 4.9), (-3.0, 3.6), (-3.9, 2.3), (-5.2, 1.2), (-7.0, 1.5), (-9.2, 2.3), (-11.0, 4.2), (-11.6, 7.0)),
    *((-11.0, 11.0), (-8.0, 15.5), (0.0, 16.0), (4.8, 13.0), (6.0, 10.0), (6.2, 8.0)),
)
# Cisterns in front of the brainstem and the opening of the skull to the canal of the spine.
_CISTERN = (
    *((-1.2, 5.6), (-3.0, 5.8), (-4.6, 4.8), (-5.9, 2.8), (-6.3, 1.8), (-6.2, 0.9), (-6.25, 0.2), (-4.75, 0.2)),
    *((-4.6, 1.2), (-4.1, 2.2), (-2.6, 4.2)),
)
_BRAINSTEM = (
    *((-5.25, -1.2), (-5.1, 0.6), (-4.7, 1.6), (-4.2, 2.4), (-3.4, 3.2), (-2.9, 4.2), (-3.2, 5.2), (-3.6, 6.2)),
    *((-3.0, 7.2), (-4.2, 7.6), (-5.2, 6.8), (-5.1, 5.4), (-5.3, 3.8), (-5.5, 2.4), (-5.75, 1.0), (-5.95, -1.2)),
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
_FOURTH_VENTRICLE = ((-5.2, 5.0), (-5.25, 3.8), (-5.45, 2.6), (-5.75, 3.2), (-5.95, 4.0), (-5.5, 4.6))
# Furrows that run along the corpus callosum.
_ARCS = (
    ((3.9, 7.9), (4.2, 9.4), (3.0, 11.2), (-0.6, 12.1), (-4.0, 11.9), (-6.4, 10.6)),
    ((-6.4, 9.9), (-7.4, 8.7), (-9.0, 8.2), (-11.0, 7.9)),
    ((-7.0, 11.2), (-8.2, 9.9), (-8.6, 8.4)),
    ((0.5, 6.7), (2.4, 6.7), (4.6, 6.9)),
)
_ARC_WIDTH = 0.07


def skull_and_brain(build: Build, rng: np.random.Generator) -> Shapes:
    """From the outer table of the skull to the ventricles."""
    inside = build.blob(_CRANIUM)
    result: Shapes = [
        (Part.CORTICAL, inset(inside, -0.60)),
        (Part.MARROW, inset(inside, -0.46)),
        (Part.CORTICAL, inset(inside, -0.15)),
        (Part.CSF, inside),
        (Part.GREY, inset(inside, 0.2)),
        *_furrows(inside, rng),
    ]
    for arc in _ARCS:
        line = np.array(arc) + rng.uniform(-0.2, 0.2, (len(arc), 2))
        result.append((Part.CSF, build.blob(np.concatenate([line, moved(line[::-1], _ARC_WIDTH, 2 * _ARC_WIDTH)]))))
    result += [
        (part, build.blob(points))
        for part, points in (
            (Part.CSF, _CISTERN),
            (Part.GREY, _CEREBELLUM),
            (Part.WHITE, _CALLOSUM),
            (Part.CSF, _VENTRICLE),
            (Part.PALE_BRAIN, _THALAMUS),
        )
    ]
    # A fan of white matter between the folia of the cerebellum.
    for angle in np.linspace(-1.7, 1.2, 8):
        way = np.array((-np.cos(angle), np.sin(angle)))
        start = np.array((-6.6, 4.2))
        across = np.array((-way[1], way[0])) * 0.06
        end = start + way * (1.9 + 0.9 * np.cos(angle))
        result.append((Part.WHITE, build.place(np.stack([start - across, start + across, end + across, end - across]))))
    return [*result, (Part.CORD, build.blob(_BRAINSTEM)), (Part.CSF, build.blob(_FOURTH_VENTRICLE))]


def _furrows(inside: Floats, rng: np.random.Generator) -> Shapes:
    """Sulci: fluid from the surface of the brain inwards."""
    result: Shapes = []
    centre = inside.mean(axis=0)
    place = 0.0
    while place < len(inside) - 1:
        root = inside[int(place)]
        place += rng.uniform(1.2, 2.4)
        if root[1] < 6.3:
            continue
        way = (centre - root) / np.hypot(*(centre - root))
        across = np.array((-way[1], way[0]))
        length, bend = rng.uniform(0.8, 2.4), rng.uniform(-0.6, 0.6)
        middle, end = root + 0.5 * length * way + 0.2 * bend * across, root + length * way + bend * across
        side = across * rng.uniform(0.06, 0.12)
        band = np.stack([root - 1.5 * side, middle - side, end, middle + side, root + 1.5 * side])
        result.append((Part.CSF, smooth_closed(band)))
    return result


# Length of the spinous processes from the second vertebra down, cm.
_PROCESSES = (1.9, 1.4, 1.4, 1.6, 1.9, 2.6, 2.9, 3.0, 3.0)
_PITCH, _DISC = 1.72, 0.38


def spine(build: Build) -> Shapes:
    """Vertebrae, discs, cord and spinous processes, along the pharynx' back wall."""

    def at(depth: ArrayLike, y: ArrayLike) -> Floats:
        """``depth`` cm behind the pharynx wall, which the spine leaves slowly further down."""
        far, high = np.broadcast_arrays(np.asarray(depth, np.float64), np.asarray(y, np.float64))
        return np.stack([build.wall_x(high) - far - 0.10 * np.clip(-2.0 - high, 0.0, 6.0), high], axis=-1)

    def column(near: float, far: float, top: float) -> Floats:
        rows = np.linspace(-15.5, top, 40)
        return np.concatenate([at(near, rows), at(far, rows[::-1])])

    arch = at([0.25, 0.22, 0.4, 0.75, 0.8, 0.6], [0.7, 0.1, -0.2, -0.1, 0.5, 0.85])
    axis = at(
        [1.35, 1.0, 0.95, 0.75, 0.5, 0.45, 1.2, 2.2, 2.25, 2.1, 1.95, 1.85],
        [1.35, 1.0, -0.1, -0.9, -1.7, -2.0, -1.95, -2.0, -1.7, -0.8, 0.1, 1.0],
    )
    result: Shapes = [
        (Part.DARK_MUSCLE, column(0.2, 0.45, -0.5)),
        (Part.DARK_MUSCLE, column(0.45, 2.35, -0.5)),
        (Part.CSF, column(2.28, 3.75, 0.8)),
        (Part.CORD, column(2.68, 3.42, 0.8)),
        (Part.DARK_MUSCLE, column(3.78, 3.92, 0.4)),
        (Part.CORTICAL, inset(smooth_closed(arch), -0.1)),
        (Part.MARROW, smooth_closed(arch)),
        (Part.CORTICAL, inset(smooth_closed(axis), -0.1)),
        (Part.MARROW, smooth_closed(axis)),
    ]
    for number, length in enumerate(_PROCESSES):
        top = -2.0 - _DISC - _PITCH * (number - 1)
        bottom = top - _PITCH + _DISC
        middle = (top + bottom) / 2.0
        if number:
            body = at([0.5, 0.58, 0.5, 2.25, 2.18, 2.25], [top, middle, bottom, bottom, middle, top])
            result += [(Part.CORTICAL, inset(body, -0.09)), (Part.MARROW, body)]
        low = bottom if number else -2.0
        disc = at([0.55, 0.55, 2.2, 2.2], [low - 0.09, low - _DISC + 0.09, low - _DISC + 0.09, low - 0.09])
        result.append((Part.DISC, disc))
        process = smooth_closed(
            at(
                [3.95, 4.1 + 0.5 * length, 4.15 + length, 4.1 + length, 4.0 + 0.5 * length, 3.95],
                middle + np.array([0.1, -0.15, -0.35, -0.95, -0.85, -0.6]),
            )
        )
        result += [(Part.CORTICAL, inset(process, -0.07)), (Part.MARROW, process)]
    return result
