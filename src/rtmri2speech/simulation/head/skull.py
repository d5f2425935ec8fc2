"""Skull, brain and spine: never moving, dim behind the vocal tract."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.outlines import read_outlines
from rtmri2speech.simulation.head.proportions import HeadProportions
from rtmri2speech.simulation.head.splines import Shapes, inset, moved, smooth_closed
from rtmri2speech.simulation.head.tissues import Part

# The brain in the order of painting.
_BRAIN = (
    *((Part.CSF, "cisterns"), (Part.GRAY, "cerebellum"), (Part.WHITE, "corpus_callosum")),
    *((Part.CSF, "lateral_ventricle"), (Part.PALE_BRAIN, "thalamus")),
)
_SULCI = ("cingulate_sulcus", "calcarine_sulcus", "parieto_occipital_sulcus", "olfactory_sulcus")
_SULCUS_WIDTH = 0.07


def skull_and_brain(proportions: HeadProportions, rng: np.random.Generator) -> Shapes:
    """From the outer table of the skull to the ventricles."""
    outlines = read_outlines("brain")
    inside = proportions.outline(outlines["cranium"])
    result: Shapes = [
        (Part.CORTICAL, inset(inside, -0.60)),
        (Part.MARROW, inset(inside, -0.46)),
        (Part.CORTICAL, inset(inside, -0.15)),
        (Part.CSF, inside),
        (Part.GRAY, inset(inside, 0.2)),
        *_furrows(inside, rng),
    ]
    for name in _SULCI:
        line = outlines[name] + rng.uniform(-0.2, 0.2, outlines[name].shape)
        band = np.concatenate([line, moved(line[::-1], _SULCUS_WIDTH, 2 * _SULCUS_WIDTH)])
        result.append((Part.CSF, proportions.outline(band)))
    result += [(part, proportions.outline(outlines[name])) for part, name in _BRAIN]
    # A fan of white matter between the folia of the cerebellum.
    for angle in np.linspace(-1.7, 1.2, 8):
        way = np.array((-np.cos(angle), np.sin(angle)))
        start = np.array((-6.6, 4.2))
        across = np.array((-way[1], way[0])) * 0.06
        end = start + way * (1.9 + 0.9 * np.cos(angle))
        corners = np.stack([start - across, start + across, end + across, end - across])
        result.append((Part.WHITE, proportions.to_speaker(corners)))
    return [
        *result,
        (Part.CORD, proportions.outline(outlines["brainstem"])),
        (Part.CSF, proportions.outline(outlines["fourth_ventricle"])),
    ]


def _furrows(inside: Float64, rng: np.random.Generator) -> Shapes:
    """Sulci: fluid from the surface of the brain inwards."""
    result: Shapes = []
    center = inside.mean(axis=0)
    place = 0.0
    while place < len(inside) - 1:
        root = inside[int(place)]
        place += rng.uniform(1.2, 2.4)
        if root[1] < 6.3:
            continue
        way = (center - root) / np.hypot(*(center - root))
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


def spine(proportions: HeadProportions) -> Shapes:
    """Vertebrae, discs, cord and spinous processes, along the back wall of the pharynx."""

    def at(depth: ArrayLike, y: ArrayLike) -> Float64:
        """``depth`` cm behind the back wall of the pharynx, which the spine leaves slowly further down."""
        far, high = np.broadcast_arrays(np.asarray(depth, np.float64), np.asarray(y, np.float64))
        far = far + proportions.spine
        return np.stack([proportions.wall_x(high) - far - 0.10 * np.clip(-2.0 - high, 0.0, 6.0), high], axis=-1)

    def column(near: float, far: float, top: float) -> Float64:
        rows = np.linspace(-15.5, top, 40)
        return np.concatenate([at(near, rows), at(far, rows[::-1])])

    outlines = read_outlines("spine")
    atlas, axis = (at(*outlines[name].T) for name in ("atlas", "axis"))
    result: Shapes = [
        (Part.DARK_MUSCLE, column(0.2, 0.45, -0.5)),
        (Part.DARK_MUSCLE, column(0.45, 2.35, -0.5)),
        (Part.CSF, column(2.28, 3.75, 0.8)),
        (Part.CORD, column(2.68, 3.42, 0.8)),
        (Part.DARK_MUSCLE, column(3.78, 3.92, 0.4)),
        (Part.CORTICAL, inset(smooth_closed(atlas), -0.1)),
        (Part.MARROW, smooth_closed(atlas)),
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
