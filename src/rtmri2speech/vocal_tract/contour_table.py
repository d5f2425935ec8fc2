"""Contours as a table, ``<name>_contours.csv``: a row per point."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.files import replacing
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours

COLUMNS = ("frame", "time_s", "contour", "point", "x_px", "y_px", "x_mm", "y_mm")
"""``frame`` and ``point`` count from 0; ``time_s`` is the center of the frame."""

CONTOURS_SUFFIX = "_contours.csv"
"""What is added to the name of a recording."""

_REMEDY = "Give a table that `segment` wrote, with the columns " + ", ".join(COLUMNS) + "."
_DIGITS = 6


def write_contours(path: Path, contours: Contours) -> Path:
    """Write the table in one step and return ``path``; a contour that a frame lacks has no rows.

    Coordinates have the frame's corner for their origin. Those in millimeters are empty where the size of a pixel is
    unknown.

    Raises:
        UserError: when it cannot be written.
    """
    with replacing(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(_text(contours))
    return path


def _text(contours: Contours) -> Iterator[str]:
    """The rows of each contour of each frame, formatted at once: row by row it takes as long as finding them."""
    count, mm = contours.points.shape[2], contours.pixel_mm
    cell = f"%.{_DIGITS}g"
    ends = f"%d,{cell},{cell},,\n" if mm is None else f"%d,{cell},{cell},{cell},{cell}\n"
    for frame in range(len(contours.points)):
        time = float((frame + Fraction(1, 2)) / contours.frame_rate)
        for name, points in contours.frame(frame).items():
            columns = [np.arange(count), *points.T] + ([] if mm is None else [*(points * mm).T])
            cells = [value for row in zip(*(column.tolist() for column in columns), strict=True) for value in row]
            yield f"{frame},{time:.{_DIGITS}g},{name},{ends}" * count % tuple(cells)


def read_contours(path: Path, frames: int | None = None) -> Contours:
    """Read what :func:`write_contours` wrote.

    Args:
        path: the table.
        frames: how many frames the recording has; by default as many as the table names, which leaves out frames
            without contours at the end.

    Raises:
        ConfigError: when the file is missing, of another form, or names later frames.
    """
    rows = _parsed(path)
    frame, contour, point = (np.asarray(rows[name]) for name in ("frame", "contour", "point"))
    x, y, time, x_mm = (np.asarray(rows[name]) for name in ("x_px", "y_px", "time_s", "x_mm"))
    last = int(frame.max(initial=-1))
    if frames is not None and last >= frames:
        raise ConfigError(f"{path}: has contours of frame {last}, of {frames} frames (counted from 0).", _REMEDY)
    count = 1 + int(point.max(initial=0))
    points = np.full((last + 1 if frames is None else frames, len(CONTOURS), count, 2), np.nan)
    points[frame, contour, point, 0], points[frame, contour, point, 1] = x, y
    if _is_uneven(points):
        raise ConfigError(f"{path}: not a table of contours (contours of different numbers of points).", _REMEDY)
    latest = int(time.argmax()) if len(time) and time.max() > 0 else None
    rate = Fraction(1) if latest is None else Fraction((frame[latest] + 0.5) / time[latest]).limit_denominator(10_000)
    sized = (x != 0) & np.isfinite(x_mm)
    return Contours(points, rate, float(np.median(x_mm[sized] / x[sized])) if sized.any() else None)


def _parsed(path: Path) -> dict[str, array[Any]]:
    """The columns of the table, the contour as its number: an hour has tens of millions of rows."""
    kinds = dict.fromkeys(COLUMNS, "d") | {"frame": "q", "contour": "b", "point": "i"}
    rows: dict[str, array[Any]] = {name: array(kind) for name, kind in kinds.items() if name != "y_mm"}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                frame, contour, point = int(row["frame"]), CONTOURS.index(row["contour"]), int(row["point"])
                x, y, time = (float(row[name]) for name in ("x_px", "y_px", "time_s"))
                if min(frame, point) < 0 or not (isfinite(x) and isfinite(y) and isfinite(time)):
                    raise ValueError(f"line {line}: a number below 0 or not finite")
                values = (frame, time, contour, point, x, y, float(row["x_mm"] or "nan"))
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such table of contours.", "Check the spelling of the path.") from None
    except KeyError as error:
        raise ConfigError(f"{path}: not a table of contours (no column {error}).", _REMEDY) from None
    except (OSError, ValueError, TypeError, OverflowError, csv.Error) as error:
        raise ConfigError(f"{path}: not a table of contours ({error}).", _REMEDY) from None
    return rows


def _is_uneven(points: Float64) -> bool:
    known = np.isfinite(points).all(axis=-1)
    return bool((known.any(axis=-1) != known.all(axis=-1)).any())
