"""The tract of a recording in millimeters: sections from glottis to lips, areas, constrictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Floating
from rtmri2speech.vocal_tract.contours import Contours
from rtmri2speech.vocal_tract.geometry.area_function import (
    INTERVAL_FACTOR,
    LARYNX_SECTIONS,
    AreaModel,
    load_area_model,
)
from rtmri2speech.vocal_tract.geometry.constrictions import constrictions, velum_gap
from rtmri2speech.vocal_tract.geometry.grid import TractGrid, lay_grid, settled_grid
from rtmri2speech.vocal_tract.geometry.midline import MIDLINE_SECONDS, SECTIONS, Sections, cut_sections
from rtmri2speech.vocal_tract.geometry.walls import LEVELS, find_walls

TYPICAL_FRAMES = 24
"""Frames, spread over a recording, that its grid is laid by."""

_MIDDLE = LEVELS.index(0.5)
# From the lips, in which they can close.
_LIP_SECTIONS = 5


@dataclass(frozen=True, kw_only=True)
class TractGeometry:
    """Geometry of the tract in T frames; sections 0 to 39 run from glottis to lips and have equal length in a frame.

    Attributes:
        frame_rate: frames per second.
        pixel_mm: size of a pixel of the source, mm.
        midline: (T, 41, 2), ends of the sections, x and y in pixels of the source, the frame's corner for origin.
        distance: (T, 40), mm, of the walls across the midline; 0 where no air is seen between them.
        distance_range: (T, 40, 2), mm, bounds of its 90 % interval.
        area: (T, 40), cm2; 0 where closed.
        area_range: (T, 40, 2), cm2, bounds of its 90 % interval.
        length: (T,), cm, from glottis to lips.
        closed: (T, 40), where walls touch, from the root of the tongue on: nothing closes the larynx but its end.
        measures: (T,) each, by the names of :data:`~rtmri2speech.vocal_tract.geometry.constrictions.MEASURES`.
        notes: what was noticed, a line each.
    """

    frame_rate: Fraction
    pixel_mm: float
    midline: Float64
    distance: Float64
    distance_range: Float64
    area: Float64
    area_range: Float64
    length: Float64
    closed: Bool
    measures: Mapping[str, Float64]
    notes: tuple[str, ...] = field(default=())

    @property
    def section_cm(self) -> Float64:
        """Length of a section in each frame, (T,), cm."""
        return self.length / SECTIONS


def grid_of(frames: Iterable[Floating]) -> TractGrid | None:
    """The grid of a recording, from probabilities (C, S, S) of some frames of it; None where they show no tract."""
    maps = [np.asarray(one) for one in frames]
    grid = lay_grid(np.mean(maps, axis=0)) if maps else None
    return None if grid is None else settled_grid(grid, list(find_walls(maps, grid).center))


def typical(count: int, frames: int = TYPICAL_FRAMES) -> list[int]:
    """Numbers of at most ``frames`` frames, spread evenly over ``count``."""
    return sorted({int(number) for number in np.linspace(0, count - 1, min(frames, count))}) if count else []


def measure_geometry(
    frames: Iterable[Floating],
    grid: TractGrid | None,
    contours: Contours,
    *,
    pixel_mm: float | Callable[[Float64], float],
    to_source: Callable[[Float64], Float64],
    scale: float,
    area_model: AreaModel | str | Path | None = None,
    smoothing: float = MIDLINE_SECONDS,
) -> TractGeometry:
    """Measure the tract in every frame; memory does not grow with the probabilities.

    Args:
        frames: probabilities (C, S, S) of every frame.
        grid: of the recording, by :func:`grid_of`; None where it shows no tract.
        contours: of the same frames, in pixels of the source.
        pixel_mm: size of a pixel of the source, mm; or what gives it for the midline (T, 41, 2) in pixels of the source
            once all frames have been read, where it is found in their contours. NaN where it is unknown.
        to_source: takes x and y (N, 2) on the probabilities to the source, as ``Placement.points`` does.
        scale: pixels of the source per pixel of the probabilities.
        area_model: a model, the name of one that comes with the program (``people``, the default, or ``phantom``), or
            a lab's file of one.
        smoothing: of the midline in time, seconds, standard deviation; 0 for raw values.

    Raises:
        ConfigError: when the area model cannot be used.
    """
    model = area_model if isinstance(area_model, AreaModel) else load_area_model(area_model)
    count, rate = len(contours.points), contours.frame_rate
    port: list[float] = []
    watched = _watched(frames, port)
    walls = None if grid is None else find_walls(watched, grid)
    for _ in watched:  # contours and port of frames without sections
        pass
    sections = _nothing(count) if grid is None or walls is None else cut_sections(walls, grid, rate, smoothing)
    midline = to_source(sections.midline.reshape(-1, 2)).reshape(count, SECTIONS + 1, 2)
    pixel_mm = pixel_mm(midline) if callable(pixel_mm) else pixel_mm
    mm = scale * pixel_mm
    distance = sections.distance[..., _MIDDLE] * mm
    sure, possible = sections.distance[..., 0] * mm, sections.distance[..., 2] * mm
    low, high = (_quantile(sections.distance * mm, level) for level in (0, 2))
    return TractGeometry(
        frame_rate=rate,
        pixel_mm=pixel_mm,
        midline=midline,
        distance=distance,
        distance_range=np.stack([low, high], axis=-1),
        area=model.areas(distance),
        area_range=model.intervals(distance, sure, possible),
        length=sections.length * mm / 10.0,
        closed=sections.closed & (np.arange(SECTIONS) >= LARYNX_SECTIONS),
        measures=constrictions(contours, midline, pixel_mm, np.array(port) * mm),
        notes=tuple(_notes(sections, grid)),
    )


def _watched(frames: Iterable[Floating], port: list[float]) -> Iterator[Floating]:
    """The frames as they come; the opening of the velum's port is noted on the way."""
    for one in frames:
        maps = np.asarray(one)
        port.append(velum_gap(maps))
        yield maps


def _quantile(distance: Float64, level: int) -> Float64:
    """A bound of the 90 % interval of distances (..., 3)."""
    middle = distance[..., _MIDDLE]
    return np.maximum(middle + INTERVAL_FACTOR * (distance[..., level] - middle), 0.0)


def _nothing(count: int) -> Sections:
    shape = (count, SECTIONS)
    return Sections(
        np.full((count, SECTIONS + 1, 2), np.nan),
        np.full((*shape, len(LEVELS)), np.nan),
        np.full(count, np.nan),
        np.zeros(shape, np.bool_),
    )


def _notes(sections: Sections, grid: TractGrid | None) -> Iterator[str]:
    if grid is None:
        yield (
            "no tract from larynx to lips lies within the frames: sections, areas and length are missing. "
            "Distances between the articulators that are there are given."
        )
        return
    missing = int(np.isnan(sections.length).sum())
    if missing:
        yield (
            f"lips or larynx are out of view, or not recognized, in {missing} of {len(sections.length)} frames: "
            "their sections, areas and length are missing."
        )
    shut = np.asarray(sections.closed[:, -_LIP_SECTIONS:].any(axis=1))
    if len(shut) and shut.all():
        yield "the lips are closed in all frames: the tract has no opening to radiate from."
