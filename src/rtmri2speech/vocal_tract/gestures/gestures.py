"""Gestures of a recording's tract: which measures are looked at, their table, and tiers for Praat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.annotation.grid import TextGrid
from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.gestures.landmarks import GestureOptions, Landmarks, Towards, find_landmarks
from rtmri2speech.vocal_tract.measurement.tract import Tract

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing


@dataclass(frozen=True)
class Articulation:
    """A measure that gestures are looked for in.

    Attributes:
        name: in tables, and of the tier.
        column: of the tract's table.
        towards: whether gestures make it smaller or larger.
        labels: of the movement to the extreme, the plateau, and the movement back.
        factor: what makes millimeters of it.
        location: column that says where the constriction is; None where it has one place.
    """

    name: str
    column: str
    towards: Towards
    labels: tuple[str, str, str]
    factor: float = 1.0
    location: str | None = None


_CONSTRICTION = ("closing", "plateau", "opening")
_RAISING = ("raising", "plateau", "lowering")

ARTICULATIONS = (
    Articulation("lip_aperture", "lip_aperture_mm", "smaller", _CONSTRICTION),
    Articulation("lip_protrusion", "lip_protrusion_mm", "larger", ("protruding", "plateau", "retracting")),
    Articulation("tongue_tip", "tongue_tip_mm", "smaller", _CONSTRICTION, location="tongue_tip_at"),
    Articulation("tongue_body", "tongue_body_mm", "smaller", _CONSTRICTION, location="tongue_body_at"),
    Articulation("pharynx", "pharynx_mm", "smaller", _CONSTRICTION),
    Articulation("velum", "velum_mm", "larger", ("lowering", "plateau", "raising")),
    Articulation("jaw", "jaw_mm", "smaller", _RAISING),
    Articulation("larynx", "larynx_cm", "larger", _RAISING, factor=10.0),
)
"""Every measure with gestures. The velum's is its lowering, as for a nasal; those of jaw and larynx are raisings."""

COLUMNS = (
    *("measure", "onset_s", "peak_velocity_s", "target_s", "release_s", "offset_s"),
    *("extreme_mm", "displacement_mm", "peak_velocity_mm_s", "location_percent"),
    *("release_peak_velocity_s", "release_displacement_mm", "release_peak_velocity_mm_s"),
)
"""Of the table with a row per gesture."""

_DIGITS = 6


@dataclass(frozen=True)
class Gesture:
    """One gesture of one articulation.

    Attributes:
        articulation: of what.
        landmarks: when, and how far, in mm and mm/s.
        location: of the constriction, percent of the tract from glottis (0) to lips (100); NaN where it has one place.
    """

    articulation: Articulation
    landmarks: Landmarks
    location: float = math.nan

    def row(self) -> Row:
        """By the names of :data:`COLUMNS`; None where the recording does not show it."""
        mark = self.landmarks
        values = (
            *(mark.onset, mark.peak_velocity, mark.target, mark.release, mark.offset),
            *(mark.extreme, mark.displacement, mark.speed, self.location),
            *(mark.release_peak_velocity, mark.release_displacement, mark.release_speed),
        )
        known = (value if math.isfinite(value) else None for value in values)
        return dict(zip(COLUMNS, (self.articulation.name, *known), strict=True))


@dataclass(frozen=True, repr=False, eq=False)
class Gestures:
    """The gestures of a recording.

    Attributes:
        name: of the recording.
        duration: of the recording, seconds.
        found: by articulation in the order of :data:`ARTICULATIONS`, each in order of time. An articulation that could
            not be measured is left out, one without gestures has none.
        times: middles of the frames, (T,), seconds.
        measures: what they were found in, (T,) each, mm, by name of the articulation.
    """

    name: str
    duration: float
    found: Mapping[str, tuple[Gesture, ...]]
    times: Float64
    measures: Mapping[str, Float64] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """A row per gesture, with the columns of :data:`COLUMNS`."""
        return [gesture.row() for gestures in self.found.values() for gesture in gestures]

    def textgrid(self) -> TextGrid:
        """An interval tier per articulation: the movement to the extreme, the plateau, the movement back."""
        tiers = {name: [part for one in gestures for part in _intervals(one)] for name, gestures in self.found.items()}
        return interval_grid(tiers, self.duration)

    def save(self, out: str | Path) -> list[Path]:
        """Write ``<name>_gestures.csv`` (:meth:`rows`) and ``<name>_gestures.TextGrid`` (:meth:`textgrid`).

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        table = write_table(Path(out) / f"{self.name}_gestures.csv", COLUMNS, self.rows(), _DIGITS)
        return [table, self.save_textgrid(out)]

    def save_textgrid(self, out: str | Path) -> Path:
        """Write ``<name>_gestures.TextGrid`` (:meth:`textgrid`) and return its path.

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when the file cannot be written.
        """
        path = Path(out) / f"{self.name}_gestures.TextGrid"
        with replacing_name(path) as temporary:
            write_textgrid(self.textgrid(), temporary)
        return path

    def show(self, start: float = 0.0, end: float | None = None) -> Drawing:
        """The measures over time with their gestures, as a figure that a notebook shows.

        Args:
            start: seconds.
            end: seconds; by default that of the recording.

        Raises:
            ConfigError: when nothing of the recording lies between them.
        """
        last = self.duration if end is None else end
        if not max(start, 0.0) < min(last, self.duration):
            raise ConfigError(
                f"`start={start:g}` and `end={last:g}`: nothing of {self.name} lies between them.",
                f"It lasts from 0 to {self.duration:.2f} s.",
            )
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.vocal_tract.gestures.figures import plot_gestures

        figure = new_drawing(8.0, 1.0 + 0.9 * len(self.found))
        plot_gestures(figure, self, start, last)
        return figure

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(gestures)}" for name, gestures in self.found.items())
        return f"Gestures of {self.name}: {counts or 'nothing was measured'}"


def gestures_of(tract: Tract, options: GestureOptions | None = None) -> Gestures:
    """Find the gestures of every articulation of a tract.

    Args:
        tract: as it was measured.
        options: what counts as a gesture.
    """
    measures = {one.name: tract.measures[one.column] * one.factor for one in ARTICULATIONS}
    known = {name: values for name, values in measures.items() if np.isfinite(values).any()}
    found = {one.name: _find(one, known[one.name], tract, options) for one in ARTICULATIONS if one.name in known}
    duration = len(tract.length) / float(tract.frame_rate)
    return Gestures(tract.name, duration, found, tract.times, known)


def _find(
    articulation: Articulation, values: Float64, tract: Tract, options: GestureOptions | None
) -> tuple[Gesture, ...]:
    marks = find_landmarks(values, float(tract.frame_rate), articulation.towards, options)
    if articulation.location is None:
        return tuple(Gesture(articulation, mark) for mark in marks)
    places = tract.measures[articulation.location]
    return tuple(Gesture(articulation, mark, _location(mark, places, tract.times)) for mark in marks)


def _location(mark: Landmarks, places: Float64, times: Float64) -> float:
    """Median place over the plateau, or of the frame nearest to its middle; NaN where no plateau is known."""
    known = np.isfinite(places)
    ends = [time for time in (mark.target, mark.release) if math.isfinite(time)]
    if not ends or not known.any():
        return math.nan
    inside = known & (times >= ends[0]) & (times <= ends[-1])
    if inside.any():
        return float(np.median(places[inside]))
    nearest = int(np.abs(times - 0.5 * (ends[0] + ends[-1])).argmin())
    return float(places[nearest])


def _intervals(gesture: Gesture) -> list[tuple[float, float, str]]:
    mark = gesture.landmarks
    ends = ((mark.onset, mark.target), (mark.target, mark.release), (mark.release, mark.offset))
    return [
        (start, end, label)
        for (start, end), label in zip(ends, gesture.articulation.labels, strict=True)
        if math.isfinite(start) and math.isfinite(end) and start < end
    ]
