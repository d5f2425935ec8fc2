"""How far a frame's labels can be trusted: what the probabilities promise, and whether the labels lie like a head's.

A network's probabilities, where they are honest, say how well its labels will agree with the truth: of a class with
probabilities p, and the pixels M that it won, Dice's coefficient is expected to be 2 sum_M p / (sum p + |M|). The mean
over the classes follows the true one on simulated heads under random looks, where the truth is known (correlation .9),
but promises too much; a straight line mends that. What is no head has classes of odd sizes at odd places, which
:func:`likeness` counts. A head that the frame shows in part has low values of both, since what is missing counts as
well; whether what is there is a head's tells :func:`core_confidence`, of the middle of the tract alone. All constants
are derived from simulated heads alone by ``benchmarks/confidence.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Floating, UInt8
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.refinement.cleaning import winners

CONFIDENT = 0.5
"""Below this confidence a frame's labels should be looked at before they are used."""

SLOPE, OFFSET = 1.76, -0.76
"""Of the line from the Dice's coefficient that the probabilities promise to the one that is found."""

Range: TypeAlias = tuple[float, float]

_NUMBER = {name: number for number, name in enumerate(CLASSES)}
_TONGUE, _FIRST_SOLID = _NUMBER["tongue"], _NUMBER["airway"] + 1
# Share of the frame that a head's classes have at least.
_LEAST_AREA = 0.01

# By class: logarithm of its area as a share of that of all but background and airway; its center to the rear of the
# tongue's, and below it, as shares of the square root of that area.
RANGES: dict[str, tuple[Range, Range, Range]] = {
    "airway": ((-2.39, -0.19), (-0.31, 0.57), (-0.35, 0.39)),
    "upper_lip": ((-5.51, -1.89), (-1.00, -0.30), (-0.83, 0.10)),
    "lower_lip": ((-4.79, -2.19), (-0.93, -0.37), (-0.59, 0.40)),
    "tongue": ((-1.07, -0.29), (0.00, 0.00), (0.00, 0.00)),
    "hard_palate": ((-3.38, -1.77), (-0.67, 0.07), (-0.83, -0.26)),
    "velum": ((-3.73, -1.71), (-0.09, 0.65), (-0.75, -0.09)),
    "pharyngeal_wall": ((-3.40, -1.82), (0.36, 0.82), (-0.43, 0.47)),
    "epiglottis": ((-5.46, -2.39), (0.01, 0.75), (-0.06, 0.79)),
    "larynx": ((-3.60, -1.69), (-0.14, 0.97), (0.18, 1.22)),
    "jaw": ((-3.27, -1.42), (-0.80, -0.22), (-0.31, 0.55)),
}
"""What holds for heads."""

CORE = ("tongue", "hard_palate", "velum", "pharyngeal_wall")
"""Classes that a frame shows without which there is nothing to measure: those between larynx and lips."""

# The same of these four alone, in frames that end anywhere between the middle of the pharyngeal wall and the neck, and
# between the front fifth of the tongue and the air before the face.
CORE_RANGES: dict[str, tuple[Range, Range, Range]] = {
    "tongue": ((-0.75, -0.08), (0.00, 0.00), (0.00, 0.00)),
    "hard_palate": ((-3.91, -0.91), (-0.87, 0.13), (-0.99, -0.22)),
    "velum": ((-3.19, -1.29), (-0.01, 0.75), (-0.76, -0.05)),
    "pharyngeal_wall": ((-3.24, -1.29), (0.42, 1.07), (-0.37, 0.47)),
}
"""What holds for heads of which larynx or lips are out of view."""

_CLASSES = tuple(CLASSES)[1:]
_LIPS, _PALATE = ("upper_lip", "lower_lip"), ("hard_palate",)


def promised_dice(maps: Floating) -> Float64:
    """Dice's coefficient that probabilities (C, H, W) promise for each class but background, (C - 1,); 0 if missing."""
    classes, best = winners(maps)
    won = np.bincount(classes.ravel(), minlength=len(maps))
    own = np.bincount(classes.ravel(), best.ravel(), len(maps))
    sums = maps.sum(axis=(1, 2))
    return np.asarray(2.0 * own[1:] / np.maximum(sums[1:] + won[1:], 1e-6))


def expected_dice(maps: Floating) -> float:
    """Mean over the classes of what probabilities (C, H, W) promise."""
    return float(promised_dice(maps).mean())


def measures(classes: UInt8, among: Sequence[str] = _CLASSES) -> Float64:
    """Of class numbers (H, W), for every class but background: its share and place, as in :data:`RANGES`, (C - 1, 3).

    NaN for a class that is missing. Faces are turned to the left, as lips (without them: the palate) and pharyngeal
    wall lie.

    Args:
        classes: numbers of classes.
        among: names of the classes that count; all others are taken for background.
    """
    count = len(CLASSES)
    if len(among) < count - 1:
        classes = np.where([name in among for name in CLASSES], np.arange(count), 0).astype(np.uint8)[classes]
    # Pixels of each class in each row and in each column: (H, C) and (W, C).
    wide, lines = classes.astype(np.int64), [count * np.arange(side) for side in classes.shape]
    rows, columns = (
        np.bincount((wide + line).ravel(), minlength=count * line.size).reshape(-1, count)
        for line in (lines[0][:, None], lines[1])
    )
    areas = rows.sum(axis=0).astype(np.float64)
    known = areas > 0
    total = max(float(areas[_FIRST_SOLID:].sum()), 1.0)
    centers = np.full((count, 2), np.nan)
    for axis, pixels in enumerate((columns, rows)):
        centers[known, axis] = (np.arange(len(pixels)) @ pixels)[known] / areas[known]
    places = (centers - centers[_TONGUE]) / np.sqrt(total)
    ahead = [_NUMBER[name] for name in (_LIPS if _LIPS[0] in among else _PALATE)]
    if places[ahead, 0].mean() > places[_NUMBER["pharyngeal_wall"], 0]:
        places[:, 0] *= -1.0
    shares = np.log(np.where(known, areas, np.nan) / total)
    return np.column_stack([shares, places])[1:]


def likeness(
    classes: UInt8, area: int | None = None, known: Mapping[str, tuple[Range, Range, Range]] = RANGES
) -> float:
    """How much class numbers (H, W) are like a head seen from the side: of what holds for heads, the share that does.

    Args:
        classes: numbers of classes.
        area: pixels of the whole frame, where ``classes`` is a part of it.
        known: what holds for heads, :data:`RANGES` or :data:`CORE_RANGES`.
    """
    if int((classes >= _FIRST_SOLID).sum()) < _LEAST_AREA * (area or classes.size):
        return 0.0
    found = measures(classes, tuple(known))[[_NUMBER[name] - 1 for name in known]]
    ranges = np.array(list(known.values()))
    # What is NaN lies in no range. The tongue's place is where all others are measured from.
    holds: Bool = (found >= ranges[..., 0]) & (found <= ranges[..., 1])
    counted = np.ones(holds.shape, np.bool_)
    counted[list(known).index("tongue"), 1:] = False
    return float(holds[counted].mean())


def confidence(maps: Floating, classes: UInt8, area: int | None = None) -> float:
    """Dice's coefficient, about, that a frame's labels have: 0 to 1, and low for what is no head.

    Args:
        maps: probabilities (C, S, S).
        classes: cleaned class numbers (H, W) of the same part of the frame.
        area: pixels of the whole frame, where ``classes`` is a part of it.
    """
    return confidence_of(expected_dice(maps), classes, area)


def confidence_of(promised: float, classes: UInt8, area: int | None = None) -> float:
    """What :func:`confidence` gives, where :func:`expected_dice` is known.

    Args:
        promised: what the network's probabilities promise, of :func:`expected_dice`.
        classes: cleaned class numbers (H, W) of the frame, or of a part of it.
        area: pixels of the whole frame, where ``classes`` is a part of it.
    """
    return _of_line(promised) * likeness(classes, area) ** 2


def core_confidence(promised: Float64, classes: UInt8, area: int | None = None) -> float:
    """What :func:`confidence_of` gives, for the classes of :data:`CORE` alone.

    Args:
        promised: (C - 1,), what the network's probabilities promise, of :func:`promised_dice`.
        classes: cleaned class numbers (H, W) of the frame, or of a part of it.
        area: pixels of the whole frame, where ``classes`` is a part of it.
    """
    mean = float(promised[[_NUMBER[name] - 1 for name in CORE]].mean())
    return _of_line(mean) * likeness(classes, area, CORE_RANGES) ** 2


def _of_line(promised: float) -> float:
    return min(max(SLOPE * promised + OFFSET, 0.0), 1.0)
