"""Contours of the articulators, from probabilities of classes or from label images.

Each is a polyline that runs from the larynx towards the lips:

``tongue``
    the surface of the tongue that faces the airway, or what it touches across it (palate, velum, pharyngeal wall,
    upper lip), from its lower end at the vallecula over root and back to the tip. Neither the underside nor the border
    to the jaw.
``upper_lip``, ``lower_lip``
    the margin that faces the other lip, from the lip's hindmost to its foremost point.
``palate_and_velum``
    the oral side of velum and hard palate as one, from the velum's tip to the ridge behind the upper teeth.
``pharyngeal_wall``
    the front of the wall, from the larynx to the level of the velum.
``epiglottis``
    from its base up the side of the larynx, round its tip, and down the side of the tongue.

Directions are the frame's: a head that is tilted by more than some 30 degrees has other extreme points. A face to the
right is mirrored before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter

from rtmri2speech.arrays import Bool, Float64, Floating, UInt8
from rtmri2speech.data.labels import CLASSES, class_of_label
from rtmri2speech.vocal_tract.outlines import arc_length, class_outline, clockwise, last_before_gap, resample

CONTOURS = ("tongue", "upper_lip", "lower_lip", "palate_and_velum", "pharyngeal_wall", "epiglottis")
"""Names of contours."""

POINTS = 64
"""Points of each contour, at equal distances along it, so that a point can be followed over time."""

Facing = Literal["left", "right"]
"""Side of the frame that the face looks to."""

# What may lie across the airway from the tongue's surface, or be the airway.
_ACROSS = ("airway", "upper_lip", "hard_palate", "velum", "pharyngeal_wall", "epiglottis")
_FRONT, _REAR = ("upper_lip", "lower_lip"), ("pharyngeal_wall", "larynx", "epiglottis")
# Share of the tongue's whole outline that its surface may cross where something else is next to it.
_GAP = 0.1
# Smallest area of a class, as a share of the frame (some 4 pixels of 68 x 68).
_SMALLEST = 0.0008
# Width in pixels of the blur that makes probabilities of label images: without it, outlines are stairs.
_LABEL_BLUR = 0.6
_BLUR_REACH = 3


@dataclass(frozen=True)
class Contours:
    """Contours of T frames, each of P points.

    Attributes:
        points: (T, K, P, 2), x and y in pixels of the source, of the contours of :data:`CONTOURS` in this order; NaN
            where a frame has none. (0, 0) is the corner of the frame, (0.5, 0.5) the center of its first pixel.
        frame_rate: frames per second.
        pixel_mm: size of a pixel of the source, mm; None where it is unknown.
    """

    points: Float64
    frame_rate: Fraction
    pixel_mm: float | None = None

    def of(self, name: str) -> Float64:
        """Points (T, P, 2) of one contour."""
        return self.points[:, CONTOURS.index(name)]

    def frame(self, number: int) -> dict[str, Float64]:
        """The contours that a frame has, (P, 2) by name."""
        known = zip(CONTOURS, self.points[number], strict=True)
        return {name: points for name, points in known if np.isfinite(points).all()}


def trace_contours(
    frames: Iterable[Floating],
    *,
    frame_rate: Fraction,
    pixel_mm: float | None = None,
    scale: tuple[float, float] = (1.0, 1.0),
    facing: Facing | None = None,
    points: int = POINTS,
) -> Contours:
    """Trace contours in probabilities, frame by frame; only the contours are kept in memory.

    Args:
        frames: probabilities (C, S, S) of :data:`~rtmri2speech.data.labels.CLASSES`, of every frame.
        frame_rate: frames per second.
        pixel_mm: size of a pixel of the source, mm.
        scale: pixels of the source per pixel of the probabilities, horizontally and vertically.
        facing: where the face looks to; by default as the lips lie in each frame.
        points: of each contour.
    """
    traced = list(_traced(frames, scale, facing, points))
    shape = (len(traced), len(CONTOURS), points, 2)
    return Contours(np.array(traced, np.float64).reshape(shape), frame_rate, pixel_mm)


def trace_labels(labels: Iterable[UInt8], *, frame_rate: Fraction, pixel_mm: float | None = None) -> Contours:
    """Trace contours in label images (H, W), values of :class:`~rtmri2speech.data.labels.Label`."""
    return trace_contours(map(label_probabilities, labels), frame_rate=frame_rate, pixel_mm=pixel_mm)


def label_probabilities(labels: UInt8) -> Float64:
    """Probabilities (C, H, W) of classes for a label image (H, W): its pixels, slightly blurred."""
    classes = class_of_label()[labels]
    result = np.zeros((len(CLASSES), *labels.shape))
    for number in np.unique(classes):
        there = classes == number
        rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
        box = tuple(slice(max(int(at[0]) - _BLUR_REACH, 0), int(at[-1]) + _BLUR_REACH + 1) for at in (rows, columns))
        gaussian_filter(there[box].astype(np.float64), _LABEL_BLUR, output=result[number][box], mode="nearest")
    return result


def _traced(
    frames: Iterable[Floating], scale: tuple[float, float], facing: Facing | None, points: int
) -> Iterator[Float64]:
    for probabilities in frames:
        yield contour_points(frame_contours(probabilities, facing), points) * scale


def contour_points(found: Mapping[str, Float64], count: int = POINTS) -> Float64:
    """Contours of a frame, (N, 2) by name, as one array (K, P, 2) in the order of :data:`CONTOURS`; NaN: missing."""
    result = np.full((len(CONTOURS), count, 2), np.nan)
    for index, name in enumerate(CONTOURS):
        if name in found:
            result[index] = resample(found[name], count)
    return result


def frame_contours(
    probabilities: Floating, facing: Facing | None = None, area: int | None = None
) -> dict[str, Float64]:
    """Contours of one frame, (N, 2) by name, in pixels of the probabilities; what the frame lacks is left out.

    Args:
        probabilities: shape (C, H, W), in the order of :data:`~rtmri2speech.data.labels.CLASSES`.
        facing: where the face looks to; by default as the lips lie.
        area: pixels of the whole frame, where the probabilities are of a part of it.
    """
    height, width = probabilities.shape[1:]
    if facing is None:
        facing = _facing(probabilities)
    if facing == "right":
        turned = frame_contours(probabilities[:, :, ::-1], "left", area)
        return {name: np.stack([width - line[:, 0], line[:, 1]], axis=1) for name, line in turned.items()}
    smallest = max(2.0, _SMALLEST * (area or height * width))
    found: dict[str, Float64] = {}
    for name, members in _MEMBERS.items():
        outline = class_outline(probabilities, [_NUMBER[member] for member in members], smallest)
        if outline is not None:
            line = _SURFACES[name](outline[0], _IS_ACROSS[outline[1]])
            if len(line) > 1:
                found[name] = line
    return found


def _facing(probabilities: Floating) -> Facing:
    """Where lips lie in relation to throat; to the left where either is missing."""
    columns = np.arange(probabilities.shape[2])

    def center(names: Sequence[str]) -> float | None:
        # A quarter of the rows is enough for that.
        weight = np.sum([probabilities[_NUMBER[name], ::4].sum(axis=0, dtype=np.float64) for name in names], axis=0)
        return float(weight @ columns / weight.sum()) if weight.sum() > 1.0 else None

    front, rear = center(_FRONT), center(_REAR)
    return "right" if front is not None and rear is not None and front > rear else "left"


# Below, faces look to the left: forward is towards smaller x, and y runs down. Each takes a closed outline (N, 2),
# clockwise, and the points at which the tongue would face the airway or something across it (N,).


def _tongue(outline: Float64, across: Bool) -> Float64:
    x, y = outline.T
    tip = int(np.argmin(x + y))
    # From the tip over the back and down, at the latest to the lowest point.
    lowest = (int(np.argmax(y)) - tip) % len(outline)
    beyond = (np.arange(len(outline)) - tip) % len(outline) > lowest
    perimeter = float(arc_length(outline)[-1] + np.hypot(*(outline[0] - outline[-1])))
    end = last_before_gap(outline, tip, across & ~beyond, _GAP * perimeter)
    return clockwise(outline, tip, end)[::-1]


def _upper_lip(outline: Float64, across: Bool) -> Float64:
    x, _ = outline.T
    return clockwise(outline, int(np.argmax(x)), int(np.argmin(x)))


def _lower_lip(outline: Float64, across: Bool) -> Float64:
    x, _ = outline.T
    return clockwise(outline, int(np.argmin(x)), int(np.argmax(x)))[::-1]


def _palate_and_velum(outline: Float64, across: Bool) -> Float64:
    x, y = outline.T
    return clockwise(outline, int(np.argmax(x + y)), int(np.argmax(y - x)))


def _pharyngeal_wall(outline: Float64, across: Bool) -> Float64:
    x, y = outline.T
    return clockwise(outline, int(np.argmax(y - x)), int(np.argmin(x + y)))


def _epiglottis(outline: Float64, across: Bool) -> Float64:
    base = int(np.argmax(outline[:, 1]))
    return clockwise(outline, base, base - 1)[::-1]


_NUMBER = {name: number for number, name in enumerate(CLASSES)}
_IS_ACROSS = np.array([name in _ACROSS for name in CLASSES])
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in CONTOURS},
    "palate_and_velum": ("hard_palate", "velum"),
}
_SURFACES = {
    "tongue": _tongue,
    "upper_lip": _upper_lip,
    "lower_lip": _lower_lip,
    "palate_and_velum": _palate_and_velum,
    "pharyngeal_wall": _pharyngeal_wall,
    "epiglottis": _epiglottis,
}
