"""What widening the tract does to the formants, in memory: to look at, to tabulate, to save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.analysis.widening.of_formants import OfFormants
from rtmri2speech.arrays import Float64
from rtmri2speech.data.tables import Row, Value
from rtmri2speech.metrics.known import mean_of_known
from rtmri2speech.phonetics.labeled_segments import Segment
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.bounding import Bounding
from rtmri2speech.vocal_tract.outlines import arc_length
from rtmri2speech.vocal_tract.refinement.tongue_parts import ROOT_END, TIP_START

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

UNIT = "Hz/mm"

ARTICULATORS = ("tongue", "tongue_root", "tongue_body", "tongue_tip", *CONTOURS[1:])
"""Walls of the tables: the contours, and the parts of the tongue."""

_PARTS = {"tongue_root": (0.0, ROOT_END), "tongue_body": (ROOT_END, TIP_START), "tongue_tip": (TIP_START, 1.0)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Widening(OfFormants):
    """Hz per mm of T frames on the model's clock, for N formants; NaN where there is no formant, or no such wall.

    Sections k = 0 .. 39 run from glottis to lips; widening one by 1 mm moves its walls apart by half of that each.
    Points of walls are moved away from the airway, by 1 mm along the normal. Positive raises the formant.

    Attributes:
        formants: (T, N), Hz, found in the predicted mel.
        targets: (T, N), Hz, the centers of gravity about them, which are differentiated.
        gain: (T, N), Hz that a target moves where the spectrum about it moves by 1 Hz.
        model: (T, N, 40), by the model: this frame widened, its effect on the formant in all frames added up. NaN where
            walls touch, of a model that reads a measured tract.
        own: (T, N, 40), its effect in this frame alone; None where it was not asked for.
        held: (T, N, 40), all frames widened alike, their effect in this frame; None likewise.
        tube: (T, N, 40), by physics, of the speaker's own tube.
        tube_range: (T, N, 40, 2), bounds of its 90 % interval.
        bounding: which section each point of a contour bounds; None in a file of an earlier version.
        tube_walls: (T, N, 9), by physics, of the whole walls of :data:`ARTICULATORS`; None likewise.
        tube_walls_range: (T, N, 9, 2), bounds of their 90 % intervals; None likewise.
        tract_model: (T, N, 40), by a second model, which reads a measured tract, of its own formants; None likewise.
        points: (T, N, 6, P), as ``model``, of the points of each contour; their sum over a contour is what moving the
            whole wall does. Of a model that reads a measured tract: what they widen of the sections that they bound.
        midline: (T, 41, 2), ends of the sections, likewise.
        width_hz: standard deviation of the targets' windows, Hz.
    """

    formants: Float64
    targets: Float64
    gain: Float64
    model: Float64
    tube: Float64
    tube_range: Float64
    points: Float64
    midline: Float64
    width_hz: float
    own: Float64 | None = None
    held: Float64 | None = None
    bounding: Bounding | None = None
    tube_walls: Float64 | None = None
    tube_walls_range: Float64 | None = None
    tract_model: Float64 | None = None

    @property
    def tube_points(self) -> Float64 | None:
        """Hz per mm, (T, N, 6, P), by physics, of the points of each contour: what they widen of their sections."""
        return None if self.bounding is None else self.bounding.spread(self.tube)

    def walls(self) -> dict[str, Float64]:
        """Hz per mm, (T, N), when a whole wall is moved away from the airway by 1 mm: sums over its points.

        NaN where nothing is known of half of them.
        """
        weights = wall_weights(self.contours)
        found = {}
        for name, inside in zip(ARTICULATORS, weights, strict=True):
            contour = CONTOURS.index("tongue" if name.startswith("tongue") else name)
            line = self.points[:, :, contour]
            mine = inside[:, contour]
            total, known = (
                np.einsum("tnp,tp->tn", one, mine)
                for one in (np.nan_to_num(line), np.isfinite(line).astype(np.float64))
            )
            # A line that touches another wall is known in part.
            some = np.isfinite(line).any(axis=-1) & (known >= 0.5 * mine.sum(axis=-1)[:, None])
            found[name] = np.where(some, total, np.nan)
        return found

    def rows(self) -> Iterator[Row]:
        """A row per frame, formant and section."""
        for frame in range(len(self)):
            for number, name in enumerate(self.names):
                head: dict[str, Value] = {
                    "frame": frame,
                    "time_s": round(self.time(frame), 4),
                    "formant": name,
                    "formant_hz": float(self.formants[frame, number]),
                }
                yield from ({**head, **row} for row in self._sections(frame, number))

    def _sections(self, frame: int, number: int) -> Iterator[Row]:
        bounds = {"tube_low": self.tube_range[..., 0], "tube_high": self.tube_range[..., 1]}
        for section in range(self.model.shape[2]):
            yield {"section": section} | {
                name: None if values is None else float(values[frame, number, section])
                for name, values in (self.answers() | bounds).items()
            }

    def answers(self) -> dict[str, Float64 | None]:
        """What there is per section, (T, N, 40), by the tables' names."""
        return {
            "model": self.model,
            "own_frame": self.own,
            "held": self.held,
            "tract_model": self.tract_model,
            "tube": self.tube,
        }

    def wall_rows(self) -> Iterator[Row]:
        """A row per frame and formant, a column per wall: Hz per mm of the whole wall."""
        walls = self.walls()
        for frame in range(len(self)):
            for number, name in enumerate(self.names):
                yield {
                    "frame": frame,
                    "time_s": round(self.time(frame), 4),
                    "formant": name,
                    **{wall: float(values[frame, number]) for wall, values in walls.items()},
                    **self._tube_walls(frame, number),
                }

    def _tube_walls(self, frame: int, number: int) -> Row:
        if self.tube_walls is None or self.tube_walls_range is None:
            return {}
        values, bounds = self.tube_walls[frame, number], self.tube_walls_range[frame, number]
        return {
            f"{wall}_{what}": float(one)
            for wall, *three in zip(ARTICULATORS, values, *bounds.T, strict=True)
            for what, one in zip(("tube", "tube_low", "tube_high"), three, strict=True)
        }

    def segment_rows(self) -> Iterator[Row]:
        """A row per segment, formant and section: means over the tokens' middle thirds, and over tokens."""
        for segment in self.segments:
            means = {name: None if one is None else self.mean(segment, one) for name, one in self.answers().items()}
            for number, formant in enumerate(self.names):
                for section in range(self.model.shape[2]):
                    yield {
                        "segment": segment.name,
                        "tokens": len(segment.tokens),
                        "formant": formant,
                        "section": section,
                        **{name: None if one is None else float(one[number, section]) for name, one in means.items()},
                    }

    def mean(self, segment: Segment, values: Float64) -> Float64:
        """Mean (...) of values (T, ...) over the middle third of each token, then over tokens; NaN where all are."""
        return token_mean(segment, values)

    def show(self, frame: int, formant: str | int = "F1") -> Drawing:
        """The walls of a frame, colored by what moving them away from the airway does to a formant.

        Raises:
            ConfigError: when there is no such frame or formant.
        """
        from rtmri2speech.analysis.widening.figures import walls_figure

        return walls_figure(self, frame, self.number(formant))

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_widening.npz``, ``_widening.csv``, ``_walls.csv``, and of segments ``_segments.csv``.

        Raises:
            UserError: when they cannot be written.
        """
        from rtmri2speech.analysis.widening.files import write_widening

        return write_widening(Path(folder), self)

    def __repr__(self) -> str:
        return f"Widening of {self.name}: {len(self)} frames, {', '.join(self.names)}, {UNIT}"


def wall_weights(contours: Float64) -> Float64:
    """Which points of contours (T, 6, P, 2) belong to each wall of :data:`ARTICULATORS`: (9, T, 6, P), 1 or 0."""
    found = np.zeros((len(ARTICULATORS), *contours.shape[:-1]))
    tongue = CONTOURS.index("tongue")
    for index, name in enumerate(ARTICULATORS):
        if name in CONTOURS:
            found[index, :, CONTOURS.index(name)] = 1.0
    for frame, line in enumerate(contours[:, tongue]):
        along = arc_length(line)
        share = along / max(float(np.max(along)), 1e-9)
        for name, (first, last) in _PARTS.items():
            inside = (share >= first) & ((share < last) if last < 1.0 else (share <= 1.0))
            found[ARTICULATORS.index(name), frame, tongue] = inside
    return found


def token_mean(segment: Segment, values: Float64) -> Float64:
    """Mean (...) of values (T, ...) over the middle third of each token, then over tokens; NaN where all are."""
    return mean_of_known(np.stack([mean_of_known(values[middle_third(one.first, one.stop)]) for one in segment.tokens]))


def middle_third(first: int, stop: int) -> slice:
    """Frames in the middle third of a token, the middle one at least."""
    length = stop - first
    start = first + length // 3
    return slice(start, max(stop - length // 3, start + 1))
