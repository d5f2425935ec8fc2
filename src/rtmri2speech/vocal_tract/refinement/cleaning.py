"""Class maps without spots: every articulator is one piece, and lies where an articulator can be."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import find_objects, label

from rtmri2speech.arrays import Bool, Float32, Floating, UInt8
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.refinement.neighbors import spread

_NUMBER = {name: number for number, name in enumerate(CLASSES)}
_AIRWAY = _NUMBER["airway"]
_SOLID = tuple(number for name, number in _NUMBER.items() if name not in ("background", "airway"))
# What the air of the tract lies between.
_BETWEEN = ("upper_lip", "lower_lip", "tongue", "hard_palate", "velum", "pharyngeal_wall")
_WALLS = [_NUMBER[name] for name in _BETWEEN]
# Pieces of the airway that a closure parts from the largest one must be at least this share of it.
_LEAST_SHARE = 0.01
# So near, in pixels, a piece touches a wall.
_REACH = 2
_EIGHT = np.ones((3, 3), np.int8)


def winners(probabilities: Floating) -> tuple[UInt8, Floating]:
    """Number of the most probable class of every pixel, and its probability, (H, W) each, from (C, H, W).

    Class after class: argmax along the first axis takes five times as long.
    """
    classes = np.zeros(probabilities.shape[1:], np.uint8)
    best = probabilities[0].copy()
    for number, one in enumerate(probabilities[1:], start=1):
        np.copyto(classes, number, where=one > best)
        np.maximum(best, one, out=best)
    return classes, best


def clean(probabilities: Float32) -> UInt8:
    """Number of the class of every pixel, (H, W), from probabilities (C, H, W).

    Every class but airway and background keeps its most probable piece. The airway keeps the pieces that lie between
    walls of the tract. What is left goes to the most probable other class next to it, which is mostly background.
    """
    classes, _ = winners(probabilities)
    stray = np.zeros(classes.shape, np.bool_)
    boxes = find_objects(classes, len(CLASSES) - 1)
    for number in _SOLID:
        box = boxes[number - 1]
        if box is not None:
            stray[box] |= _strays(classes[box] == number, probabilities[number][box])
    air = boxes[_AIRWAY - 1]
    if air is not None:
        # With the room in which a piece may touch a wall.
        around = tuple(slice(max(side.start - _REACH, 0), side.stop + _REACH) for side in air)
        stray[around] |= _air_elsewhere(classes[around], stray[around])
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
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    largest = sizes[1:].max()
    for number, box in enumerate(find_objects(pieces), start=1):
        around = tuple(slice(max(side.start - _REACH, 0), side.stop + _REACH) for side in box)
        here = pieces[around] == number
        if sizes[number] >= _LEAST_SHARE * largest:
            near = here
            for _ in range(_REACH):
                near = spread(near)
            touched = np.bincount(classes[around][near & ~stray[around]], minlength=len(CLASSES))
            if (touched[_WALLS] > 0).sum() >= 2:
                continue
        result[around] |= here
    return result


def _second(probabilities: Float32, classes: UInt8, stray: Bool) -> UInt8:
    """The most probable class of stray pixels, other than the one that they have, among background and neighbors."""
    values = probabilities[:, stray].copy()
    values[classes[stray], np.arange(values.shape[1])] = -1.0
    # A stray piece can only become what it is next to.
    ring = spread(stray) & ~stray
    allowed = np.zeros(len(values), np.bool_)
    allowed[np.unique(classes[ring])] = True
    allowed[0] = True
    values[~allowed] = -2.0
    return np.asarray(values.argmax(axis=0), dtype=np.uint8)
