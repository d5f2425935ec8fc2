"""Class maps without spots: every articulator is one piece, and lies where an articulator can be."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, find_objects, label

from rtmri2speech.arrays import Bool, Float32, Float64, UInt8
from rtmri2speech.data.labels import CLASSES

_NUMBER = {name: number for number, name in enumerate(CLASSES)}
_AIRWAY = _NUMBER["airway"]
_SOLID = tuple(number for name, number in _NUMBER.items() if name not in ("background", "airway"))
# What the air of the tract lies between.
_BETWEEN = ("upper_lip", "lower_lip", "tongue", "hard_palate", "velum", "pharyngeal_wall")
_WALLS = tuple(_NUMBER[name] for name in _BETWEEN)
# Pieces of the airway that a closure parts from the largest one must be at least this share of it.
_LEAST_SHARE = 0.01
_EIGHT = np.ones((3, 3), np.int8)


def clean(probabilities: Float32) -> UInt8:
    """Number of the class of every pixel, (H, W), from probabilities (C, H, W).

    Every class but airway and background keeps its most probable piece. The airway keeps the pieces that lie between
    walls of the tract. What is left goes to the most probable other class next to it, which is mostly background.
    """
    classes: UInt8 = probabilities.argmax(axis=0).astype(np.uint8)
    stray = np.zeros(classes.shape, np.bool_)
    for number in _SOLID:
        stray |= _strays(classes == number, probabilities[number])
    stray |= _air_elsewhere(classes, stray)
    if stray.any():
        classes[stray] = _second(probabilities, classes, stray)
    return classes


def _strays(mask: Bool, probability: Float32) -> Bool:
    """All pieces but the most probable one."""
    pieces, count = label(mask, _EIGHT)
    if count < 2:
        return np.zeros(mask.shape, np.bool_)
    weights = np.bincount(pieces.ravel(), probability.ravel(), count + 1)
    weights[0] = 0.0
    return np.asarray(mask & (pieces != weights.argmax()))


def _air_elsewhere(classes: UInt8, stray: Bool) -> Bool:
    """Pieces of the airway that touch fewer than two walls, or are too small to be cut off by a closure."""
    air = classes == _AIRWAY
    pieces, count = label(air, _EIGHT)
    result = np.zeros(air.shape, np.bool_)
    if count == 0:
        return result
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    largest = sizes[1:].max()
    for number, box in enumerate(find_objects(pieces), start=1):
        around = tuple(slice(max(side.start - 2, 0), side.stop + 2) for side in box)
        here = pieces[around] == number
        near = binary_dilation(here, _EIGHT, iterations=2) & ~stray[around]
        walls = np.isin(_WALLS, classes[around][near]).sum()
        if walls < 2 or sizes[number] < _LEAST_SHARE * largest:
            result[around] |= here
    return result


def _second(probabilities: Float32, classes: UInt8, stray: Bool) -> UInt8:
    """The most probable class of stray pixels, other than the one that they have, among background and neighbors."""
    values = probabilities[:, stray].copy()
    values[classes[stray], np.arange(values.shape[1])] = -1.0
    # A stray piece can only become what it is next to.
    ring = binary_dilation(stray, _EIGHT) & ~stray
    allowed = np.zeros(len(values), np.bool_)
    allowed[np.unique(classes[ring])] = True
    allowed[0] = True
    values[~allowed] = -2.0
    return np.asarray(values.argmax(axis=0), dtype=np.uint8)


# Least and largest area of a class, as shares of that of all classes but background and airway; from heads of all
# sizes in all positions, with room on either side.
_SHARES = {
    "upper_lip": (0.004, 0.12),
    "lower_lip": (0.006, 0.14),
    "tongue": (0.18, 0.75),
    "hard_palate": (0.015, 0.25),
    "velum": (0.012, 0.2),
    "pharyngeal_wall": (0.02, 0.25),
    "larynx": (0.008, 0.3),
    "jaw": (0.02, 0.3),
}
_SMALLEST_HEAD = 0.01  # share of the frame


def plausibility(classes: UInt8) -> float:
    """How much class numbers (H, W) are like a head seen from the side, 0 to 1: share of what should hold that does.

    Every class has a size that heads have, the palate lies above the tongue, the lips in front of it, one above the
    other, the pharyngeal wall behind it, the larynx below it.
    """
    counts = np.bincount(classes.ravel(), minlength=len(CLASSES)).astype(np.float64)
    total = counts[list(_SOLID)].sum()
    if total < _SMALLEST_HEAD * classes.size:
        return 0.0
    holds = [low <= counts[_NUMBER[name]] / total <= high for name, (low, high) in _SHARES.items()]
    places = {name: _center(classes, number) for name, number in _NUMBER.items() if counts[number]}
    needed = ("tongue", "hard_palate", "upper_lip", "lower_lip", "pharyngeal_wall", "larynx", "velum")
    if all(name in places for name in needed):
        tongue, palate, upper, lower, wall, larynx, velum = (places[name] for name in needed)
        forward = np.sign(upper[0] - wall[0]) or 1.0
        holds += [
            palate[1] < tongue[1],
            upper[1] < lower[1],
            larynx[1] > tongue[1],
            forward * (upper[0] - tongue[0]) > 0.0 and forward * (lower[0] - tongue[0]) > 0.0,
            forward * (tongue[0] - wall[0]) > 0.0,
            forward * (palate[0] - velum[0]) > 0.0,
        ]
    else:
        holds += [False] * 6
    return float(np.mean(holds))


def _center(classes: UInt8, number: int) -> Float64:
    rows, columns = np.nonzero(classes == number)
    return np.array([columns.mean(), rows.mean()])
