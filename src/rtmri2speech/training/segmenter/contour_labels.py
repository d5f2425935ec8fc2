"""Labels that follow from traced contours of USC-TIMIT, and no others.

The three boundaries enclose tissue. What lies between them from the lips to the glottis is airway; along a boundary,
tissue of known kind is within a few pixels behind it. All other pixels stay unknown.
"""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.data.contours import Contours
from rtmri2speech.data.labels import UNKNOWN, Label
from rtmri2speech.data.polygons import fill_polygon
from rtmri2speech.vocal_tract.outlines import at_shares

# Depth of the bands behind a boundary, as shares of the frame: 6 mm and 3 mm of 200 mm.
_DEEP, _THIN = 0.030, 0.015
# Shares of the upper boundary from the upper lip to the velum's tip that are palate and velum for sure. In front of
# them are lip and ridge; where one ends and the other begins, nobody has traced.
_PALATE, _VELUM = (0.25, 0.50), (0.75, 1.0)
# Share of the wall from the level of the velum to the glottis that is not behind the larynx.
_WALL = 0.75
# Share of the lower boundary from the floor of the mouth to the glottis that is tongue for sure; then the epiglottis.
_TONGUE = 0.65


def contour_labels(contours: Contours, size: int) -> UInt8:
    """Labels (S, S) of one frame, 255 where they do not follow.

    Args:
        contours: of the frame, in its pixels (:func:`rtmri2speech.data.contours.on_frame`).
        size: S.
    """
    upper, lower, behind = (contours[f"contour{number}"] for number in (1, 2, 3))
    above = _between(upper, contours["UL"], contours["VEL"])
    surface = _between(lower, contours["AVR"], contours["GLTB"])
    wall = _between(behind, contours["VEL"], contours["GLTB"])
    floor = _between(lower, contours["LL"], contours["GLTB"])
    tissue = {name: fill_polygon(line, size) for name, line in (("upper", upper), ("lower", lower), ("wall", behind))}
    free = ~(tissue["upper"] | tissue["lower"] | tissue["wall"])
    labels = np.full((size, size), UNKNOWN, np.uint8)
    labels[free] = Label.BACKGROUND
    labels[free & fill_polygon(np.concatenate([above, wall, floor[::-1]]), size)] = Label.AIRWAY
    bands = (
        (Label.TONGUE_BODY, tissue["lower"], _part(surface, 0.0, _TONGUE), _DEEP),
        (Label.HARD_PALATE, tissue["upper"], _part(above, *_PALATE), _THIN),
        (Label.VELUM, tissue["upper"], _part(above, *_VELUM), _THIN),
        (Label.PHARYNGEAL_WALL, tissue["wall"], _part(wall, 0.0, _WALL), _THIN),
        (Label.UPPER_LIP, tissue["upper"], contours["UL"], _DEEP),
        (Label.LOWER_LIP, tissue["lower"], contours["LL"], _DEEP),
    )
    for label, inside, line, depth in bands:
        labels[inside & _near(line, depth * size, size)] = label
    return labels


def _between(line: Float64, start: Float64, end: Float64) -> Float64:
    """The stretch of a line between its points next to two others, from the first one on."""
    first, last = (int(np.argmin(np.hypot(*(line - point[0]).T))) for point in (start, end))
    return line[first : last + 1] if first <= last else line[last : first + 1][::-1]


def _part(line: Float64, start: float, end: float) -> Float64:
    """A part of a line by its length, as points no more than a hundredth of it apart."""
    return at_shares(line, np.linspace(start, end, 100))


def _near(line: Float64, distance: float, size: int) -> Bool:
    """Pixels (S, S) within a distance of a line."""
    points = _part(line, 0.0, 1.0)
    y, x = np.indices((size, size)) + 0.5
    near = np.zeros((size, size), np.bool_)
    for px, py in points:
        near |= (x - px) ** 2 + (y - py) ** 2 <= distance**2
    return near
