"""Which part of each line traced in USC-TIMIT is compared with which contour.

The lines go round more than one articulator, and where one ends and the next begins is not marked. Parts are cut by
these rules, the same for every frame of every clip. U is the distance from the mark ``UL`` to ``VEL`` (their medians
over the clip), some 80 to 100 mm: shares of it do without the size of a pixel.

``tongue``
    ``contour2`` from the tip to the vallecula. The tip is the point furthest to the front and up, at 45 degrees,
    between the floor of the mouth (``AVR``) and the larynx (the point nearest to ``GLTB``). Where an epiglottis is
    traced, which is where behind the tongue's highest point the line goes down and then up again by U/30 or more, the
    vallecula is the point where it turns. Elsewhere the part ends three fifths of the way down from ``VEL`` to
    ``GLTB``, as that is where traced valleculae lie.
``palate_and_velum``
    ``contour1`` from the upper teeth to ``VEL``. The teeth, which give no signal, are taken to begin U/7 (some 12 mm,
    the thickness of a lip) behind ``UL``, where the line first passes that column.
``pharyngeal_wall``
    ``contour3`` from its point nearest to ``VEL`` to ``GLTB``.
``upper_lip``, ``lower_lip``
    ``contour1`` and ``contour2``, U/12 along the line to either side of ``UL`` and ``LL``.
``epiglottis``
    ``contour2`` from the vallecula round the tip to the level of the vallecula again; absent where none is traced.

A mark that lies more than U/4 from its median over the clip (some are misplaced) is replaced by that median, and a line
that was traced in the opposite order is turned round. Faces look to the left in the whole corpus. Parts run from the
larynx to the lips, like :data:`~rtmri2speech.vocal_tract.contours.CONTOURS`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.contours import Contours
from rtmri2speech.vocal_tract.outlines import arc_length, resample

_MARKS = ("UL", "LL", "AVR", "VEL", "GLTB")
_STEP = 0.25
_TEETH, _LIP, _CLIMB, _WRONG = 1 / 7, 1 / 12, 1 / 30, 1 / 4
_ROOT_END = 0.6


def traced_parts(frames: Sequence[Contours]) -> list[dict[str, Float64]]:
    """The parts of every frame of a clip that are compared, (N, 2) by the name of the contour.

    Args:
        frames: of :func:`~rtmri2speech.data.contours.read_contours`, in any pixels; what is missing in a
            frame is empty, and so are the parts that need it.
    """
    usual = {mark: _median([frame[mark] for frame in frames]) for mark in _MARKS}
    unit = float(np.hypot(*(usual["UL"] - usual["VEL"])))
    if not np.isfinite(unit):
        return [{} for _ in frames]
    return [_parts_of(frame, usual, unit) for frame in frames]


def _median(points: Sequence[Float64]) -> Float64:
    known = np.concatenate(points)
    return np.median(known, axis=0) if len(known) else np.full(2, np.nan)


def _parts_of(frame: Contours, usual: dict[str, Float64], unit: float) -> dict[str, Float64]:
    marks = {}
    for mark, median in usual.items():
        point = frame[mark][0] if len(frame[mark]) else median
        marks[mark] = median if not np.hypot(*(point - median)) <= _WRONG * unit else point
    upper, lower, rear = (
        resample(line, max(2, round(arc_length(line)[-1] / _STEP))) if len(line) > 1 else line
        for line in (frame["contour1"], frame["contour2"], frame["contour3"])
    )
    parts: dict[str, Float64] = {}
    if len(upper) > 1:
        parts |= _of_upper(_directed(upper, marks["UL"], marks["VEL"]), marks, usual["UL"], unit)
    if len(lower) > 1:
        parts |= _of_lower(_directed(lower, marks["LL"], marks["GLTB"]), marks, usual, unit)
    if len(rear) > 1:
        rear = _directed(rear, marks["VEL"], marks["GLTB"])
        parts["pharyngeal_wall"] = rear[_nearest(rear, marks["VEL"]) : _nearest(rear, marks["GLTB"]) + 1][::-1]
    return {name: part for name, part in parts.items() if len(part) > 2}


def _of_upper(line: Float64, marks: dict[str, Float64], lip: Float64, unit: float) -> dict[str, Float64]:
    first, last = _nearest(line, marks["UL"]), _nearest(line, marks["VEL"])
    mouth = line[first : last + 1]
    behind = np.flatnonzero(mouth[:, 0] >= lip[0] + _TEETH * unit)
    parts = {"upper_lip": _around(line, first, _LIP * unit)}
    if len(behind):
        parts["palate_and_velum"] = mouth[behind[0] :][::-1]
    return parts


def _of_lower(line: Float64, marks: dict[str, Float64], usual: dict[str, Float64], unit: float) -> dict[str, Float64]:
    parts = {"lower_lip": _around(line, _nearest(line, marks["LL"]), _LIP * unit)}
    # The floor lies behind the lip on the line; its front, the chin, may pass closer to a mark that is misplaced.
    lip = _nearest(line, marks["LL"])
    floor = lip + _nearest(line[lip:], marks["AVR"])
    rest = line[floor : floor + _nearest(line[floor:], marks["GLTB"]) + 1]
    if len(rest) < 3:
        return parts
    tip = int(np.argmin(rest.sum(axis=1)))
    top = tip + int(np.argmin(rest[tip:, 1]))
    height = rest[top:, 1]
    climbs = height - np.minimum.accumulate(height[::-1])[::-1]
    turn = int(np.argmax(climbs))
    if climbs[turn] >= _CLIMB * unit:
        blade = top + turn + int(np.argmin(height[turn:]))
        level = np.flatnonzero(rest[blade:, 1] >= height[turn])
        back = blade + int(level[0]) if len(level) else len(rest) - 1
        parts["epiglottis"] = rest[top + turn : back + 1][::-1]
        end = top + turn
    else:
        low = usual["VEL"][1] + _ROOT_END * (usual["GLTB"][1] - usual["VEL"][1])
        below = np.flatnonzero(height >= low)
        end = top + (int(below[0]) if len(below) else len(height) - 1)
    parts["tongue"] = rest[tip : end + 1][::-1]
    return parts


def _directed(line: Float64, first: Float64, last: Float64) -> Float64:
    """A line that passes one point before another; some are traced the other way round."""
    return line if _nearest(line, first) <= _nearest(line, last) else line[::-1]


def _nearest(line: Float64, point: Float64) -> int:
    return int(np.argmin(np.hypot(*(line - point).T)))


def _around(line: Float64, place: int, reach: float) -> Float64:
    """Part of a line within a length to either side of one of its points, in the opposite order."""
    along = arc_length(line)
    return np.asarray(line[np.abs(along - along[place]) <= reach][::-1])
