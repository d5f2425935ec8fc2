"""Outlines of classes in one frame, below the size of a pixel, and parts of them between two points.

Coordinates are x to the right and y down in pixels of the frame; (0, 0) is its corner, (0.5, 0.5) the center of its
first pixel, as in :mod:`rtmri2speech.data.polygons`. Outlines are closed, (N, 2), without the first point repeated,
and run clockwise as one sees them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from contourpy import FillType, LineType, SerialContourGenerator, ZInterp

from rtmri2speech.arrays import Bool, Float64, Floating, Int64

# Pixels around a class that its outline may run through.
_MARGIN = 2


def class_outline(probabilities: Floating, members: Sequence[int], smallest: float) -> tuple[Float64, Int64] | None:
    """The largest outline of a class, or of several as one, and which class lies on its other side.

    The outline is where the probability of the class equals that of its likeliest rival, which is level .5 between
    the two, found by linear interpolation between the centers of pixels (marching squares, Lorensen and Cline 1987).

    Args:
        probabilities: shape (C, H, W).
        members: classes that count as one; their probabilities are added.
        smallest: area in square pixels below which there is none.

    Returns:
        Outline (N, 2) and the likeliest other class (N,) at each point; None where the class is absent.
    """
    members = list(members)
    own = probabilities[members[0]] if len(members) == 1 else probabilities[members].sum(axis=0)
    # What is the likeliest of C classes has at least a share of 1 / C, also where classes have been added up.
    box = _box_of(own, 1.0 / len(probabilities))
    if box is None:
        return None
    cut = np.array(probabilities[(slice(None), *box)])
    cut[members] = -1.0
    # Beyond the frame's edge there is nothing of it.
    field = np.full((cut.shape[1] + 2, cut.shape[2] + 2), -1.0)
    field[1:-1, 1:-1] = own[box] - cut.max(axis=0)
    lines = [line[:-1] for line in level_lines(field, 0.0) if len(line) > 3]
    areas = [_area(line) for line in lines]
    if not lines or max(map(abs, areas)) < smallest:
        return None
    largest = max(range(len(lines)), key=lambda number: abs(areas[number]))
    line = lines[largest] - 1.0
    if areas[largest] < 0:
        line = line[::-1]
    rows, columns = (np.clip(np.rint(line[:, axis]), 0, cut.shape[2 - axis] - 1).astype(int) for axis in (1, 0))
    rivals = cut[:, rows, columns].argmax(axis=0)
    corner = np.array([box[1].start + 0.5, box[0].start + 0.5])
    return line + corner, np.asarray(rivals, np.int64)


def level_lines(field: Float64, level: float) -> list[Float64]:
    """Lines (N, 2), x and y, along which a field (H, W) of finite values has a level; closed ones repeat their start.

    ``contour_generator`` looks for masked values first, which takes three times as long as finding the lines.
    """
    columns, rows = np.empty(field.shape), np.empty(field.shape)
    columns[:] = np.arange(field.shape[1])
    rows[:] = np.arange(field.shape[0])[:, None]
    generator = SerialContourGenerator(
        columns,
        rows,
        field,
        None,  # type: ignore[arg-type]  # as contour_generator does
        corner_mask=False,
        line_type=LineType.Separate,
        fill_type=FillType.OuterOffset,
        quad_as_tri=False,
        z_interp=ZInterp.Linear,
        x_chunk_size=0,
        y_chunk_size=0,
    )
    lines: list[Float64] = generator.lines(level)  # type: ignore[assignment]  # what the type of lines decides
    return lines


def _box_of(own: Floating, least: float) -> tuple[slice, slice] | None:
    """Rows and columns with values (H, W) of at least ``least``, with a margin."""
    there = own >= least
    # The first and the last in reading order give the rows; only between these columns are asked.
    flat = there.reshape(-1)
    first = int(flat.argmax())
    if not flat[first]:
        return None
    top, bottom = first // own.shape[1], (flat.size - 1 - int(flat[::-1].argmax())) // own.shape[1]
    columns = np.flatnonzero(np.logical_or.reduce(there[top : bottom + 1], axis=0))
    height, width = own.shape
    return (
        slice(max(top - _MARGIN, 0), min(bottom + _MARGIN + 1, height)),
        slice(max(int(columns[0]) - _MARGIN, 0), min(int(columns[-1]) + _MARGIN + 1, width)),
    )


def _area(outline: Float64) -> float:
    """Signed area of a closed outline, positive where it runs clockwise as one sees it (y down)."""
    x, y = outline.T
    return float(0.5 * (x[:-1] @ y[1:] - y[:-1] @ x[1:] + x[-1] * y[0] - y[-1] * x[0]))


def clockwise(outline: Float64, start: int, end: int) -> Float64:
    """The part of a closed outline from one point clockwise to another, both included."""
    count = len(outline)
    return outline[(start + np.arange((end - start) % count + 1)) % count]


def last_before_gap(outline: Float64, start: int, wanted: Bool, gap: float) -> int:
    """The point that ends a run along a closed outline.

    Args:
        outline: shape (N, 2).
        start: where the run starts, clockwise.
        wanted: shape (N,), points that the run consists of.
        gap: pixels of points not wanted that the run may cross.

    Returns:
        Number of the last wanted point before a longer gap, ``start`` where there is none.
    """
    order = (start + np.arange(len(outline))) % len(outline)
    along = arc_length(outline[order])
    places = np.flatnonzero(wanted[order])
    places = np.concatenate([[0], places[places > 0]])
    breaks = np.flatnonzero(np.diff(along[places]) > gap)
    return int(order[places[breaks[0] if len(breaks) else -1]])


def arc_length(line: Float64) -> Float64:
    """Length along a line (N, 2) from its start to each point, (N,)."""
    result = np.zeros(len(line))
    np.cumsum(np.hypot(*(line[1:] - line[:-1]).T), out=result[1:])
    return result


def resample(line: Float64, count: int) -> Float64:
    """``count`` points at equal distances along a line (N, 2), its ends included, by linear interpolation."""
    return at_shares(line, np.linspace(0.0, 1.0, count))


def at_shares(line: Float64, shares: Float64) -> Float64:
    """Points (S, 2) at shares (S,) of the length of an open line (N, 2), by linear interpolation."""
    along = arc_length(line)
    along /= max(float(along[-1]), 1e-9)
    result = np.empty((len(shares), 2))
    for axis in (0, 1):
        result[:, axis] = np.interp(shares, along, line[:, axis])
    return result
