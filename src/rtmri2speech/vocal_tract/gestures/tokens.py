"""Token by token, what the tract does in the vowels (or other labels) of an annotated recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.tables import Row, Value, finite_or_none, write_table
from rtmri2speech.metrics.known import mean_of_known, spread_of_known
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.midline import SECTION_PERCENT, SECTIONS
from rtmri2speech.vocal_tract.gestures.labels import LabelClock, Labels, labels_within
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

CONSTRICTION_PERCENT = (15.0, 90.0)
"""Where the tongue's constriction of a vowel is looked for, percent of the tract from glottis to lips: above the larynx
tube and behind the lips, which are narrow in most vowels and have measures of their own."""

SCALARS = (
    *("tract_cm", "constriction_mm", "constriction_cm2", "constriction_at"),
    *MEASURES,
    *(f"F{number}_hz" for number in range(1, FORMANTS + 1)),
)
"""What a token has one number of.

``constriction_mm``, ``constriction_cm2``, ``constriction_at``
    distance and area of the narrowest section (the least area) within :data:`CONSTRICTION_PERCENT` of the token's mean
    area function, and the middle of that section, percent of the tract from the glottis.
"""

_DIGITS = 6


@dataclass(frozen=True, eq=False)
class TractToken:
    """One labeled interval; values are those of the frames in its middle third.

    Attributes:
        recording: its name.
        label: which vowel.
        start, end: seconds from the start of the first frame.
        frames: how many have their center in the middle third; where none has, the frame nearest to the middle counts.
        scalars: by the names of :data:`SCALARS`: means, medians for formants; NaN where unknown.
        area: (40,), cm2, mean from glottis to lips.
        distance: (40,), mm, mean.
    """

    recording: str
    label: str
    start: float
    end: float
    frames: int
    scalars: Mapping[str, float]
    area: Float64
    distance: Float64


_NAMES = ("recording", "label", "start_s", "end_s", "frames")
_AREAS = tuple(f"area_{section:02d}_cm2" for section in range(SECTIONS))
_DISTANCES = tuple(f"distance_{section:02d}_mm" for section in range(SECTIONS))
TOKEN_COLUMNS = (*_NAMES, *SCALARS, *_AREAS, *_DISTANCES)
"""Of the table with a row per token; sections count from 0 at the glottis."""

VOWEL_COLUMNS = (
    *("label", "tokens"),
    *(f"{kind}_{name}" for name in (*SCALARS, *_AREAS, *_DISTANCES) for kind in ("mean", "sd")),
)
"""Of the table with a row per label."""


@dataclass(frozen=True, repr=False, eq=False)
class TractTokens:
    """The tokens of one recording or several.

    Attributes:
        name: of the recording, or of what they have in common.
        tokens: in order.
        notes: what was noticed, a line each.
    """

    name: str
    tokens: tuple[TractToken, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label, in the order of its first token."""
        return tuple(dict.fromkeys(token.label for token in self.tokens))

    def of(self, label: str) -> list[TractToken]:
        """The tokens of a label."""
        return [token for token in self.tokens if token.label == label]

    def areas(self, label: str) -> Float64:
        """Area functions (N, 40) of a label's tokens, cm2; NaN where unknown."""
        return np.array([token.area for token in self.of(label)]).reshape(-1, SECTIONS)

    def rows(self) -> list[Row]:
        """A row per token, with the columns of :data:`TOKEN_COLUMNS`."""
        return [dict(zip(TOKEN_COLUMNS, _cells(token), strict=True)) for token in self.tokens]

    def summary(self) -> list[Row]:
        """A row per label, with the columns of :data:`VOWEL_COLUMNS`: means and standard deviations over tokens."""
        return [_summary_of(label, self.of(label)) for label in self.labels]

    def save(self, out: str | Path) -> list[Path]:
        """Write ``<name>_tokens.csv`` (:meth:`rows`) and ``<name>_vowels.csv`` (:meth:`summary`).

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        folder = Path(out)
        return [
            write_table(folder / f"{self.name}_tokens.csv", TOKEN_COLUMNS, self.rows(), _DIGITS),
            write_table(folder / f"{self.name}_vowels.csv", VOWEL_COLUMNS, self.summary(), _DIGITS),
        ]

    def show(self) -> Drawing:
        """The mean area function of each label with its spread, as a figure that a notebook shows."""
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.vocal_tract.gestures.figures import panel_rows, plot_area_functions

        figure = new_drawing(7.0, 0.6 + 2.0 * panel_rows(len(self.labels)))
        plot_area_functions(figure, self)
        return figure

    def __repr__(self) -> str:
        counts = ", ".join(f"{label} {len(self.of(label))}" for label in self.labels)
        return f"TractTokens of {self.name}: {counts or 'none'}"


def tokens_of(
    tract: Tract,
    textgrid: str | Path,
    *,
    tier: str | None = None,
    label: Sequence[str] = (),
    lead: float | None = None,
    sound_seconds: float | None = None,
) -> TractTokens:
    """Measure a tract in the labeled intervals of its annotation.

    Args:
        tract: as it was measured.
        textgrid: the annotation: a TextGrid, or a table of intervals (label, start, end).
        tier: its tier; found by itself if not given, as the vowels are.
        label: labels that count; vowels of Japanese, ARPAbet and the IPA if none is given.
        lead: seconds from the annotation's time 0 to the first frame (the sound may start earlier than the video); by
            default as the recording had it when the tract was measured.
        sound_seconds: length of the sound that is annotated, to compare; where it is unknown, that of the recording
            then, or else frames are compared.

    Raises:
        MediaError: when the annotation cannot be read, or is of another sound.
        ConfigError: when it has no such tier or no such label, or all of them lie outside the frames.
    """
    known = None if np.isnan(tract.label_seconds) else tract.label_seconds
    clock = LabelClock(
        len(tract.length) / float(tract.frame_rate),
        tract.label_lead if lead is None else lead,
        known if sound_seconds is None and lead is None else sound_seconds,
    )
    return tokens_in(tract, labels_within(textgrid, tract.name, clock, tier=tier, label=label))


def tokens_in(tract: Tract, labels: Labels) -> TractTokens:
    """Measure a tract in labeled intervals, as :func:`tokens_of` does."""
    found = [_measure(tract, span) for span in labels.spans]
    notes = list(labels.notes)
    unknown = sum(not np.isfinite(token.area).any() for token in found)
    if unknown:
        notes.append(f"{tract.name}: no area could be measured in {unknown} of {len(found)} tokens; cells stay empty.")
    return TractTokens(tract.name, tuple(found), tuple(notes))


def stretches_of(tract: Tract, seconds: float = 1.0, label: str = "all") -> TractTokens:
    """A recording without annotation as tokens of one label: stretches of equal length, all their frames.

    Args:
        tract: as it was measured.
        seconds: length of a stretch; neighboring frames are alike, so that each alone is no token.
        label: of all tokens.
    """
    step = max(round(seconds * float(tract.frame_rate)), 1)
    count = max(len(tract.length) // step, 1)
    edges = [number * step for number in range(count)] + [len(tract.length)]
    found = []
    for first, stop in pairwise(edges):
        if stop > first:
            start, end = (edge / float(tract.frame_rate) for edge in (first, stop))
            found.append(_of_frames(tract, np.arange(first, stop), Span(label, start, end), stop - first))
    return TractTokens(tract.name, tuple(found))


def pooled(name: str, parts: Iterable[TractTokens]) -> TractTokens:
    """The tokens of several recordings as one."""
    all_parts = list(parts)
    tokens = tuple(token for part in all_parts for token in part.tokens)
    return TractTokens(name, tokens, tuple(note for part in all_parts for note in part.notes))


def _measure(tract: Tract, span: Span) -> TractToken:
    third = (span.end - span.start) / 3.0
    inside = np.flatnonzero((tract.times >= span.start + third) & (tract.times <= span.end - third))
    middle = 0.5 * (span.start + span.end)
    numbers = inside if len(inside) else np.array([np.abs(tract.times - middle).argmin()])
    return _of_frames(tract, numbers, span, len(inside))


def _of_frames(tract: Tract, numbers: Int64, span: Span, count: int) -> TractToken:
    area, distance = mean_of_known(tract.area[numbers]), mean_of_known(tract.distance[numbers])
    formants = [_median(one) for one in tract.formants[numbers].T]
    scalars = {
        "tract_cm": float(mean_of_known(tract.length[numbers])),
        **_constriction(area, distance),
        **{name: float(mean_of_known(tract.measures[name][numbers])) for name in MEASURES},
        **{f"F{number}_hz": value for number, value in enumerate(formants, start=1)},
    }
    return TractToken(tract.name, span.label, span.start, span.end, count, scalars, area, distance)


def _constriction(area: Float64, distance: Float64) -> dict[str, float]:
    low, high = CONSTRICTION_PERCENT
    inside = np.flatnonzero((low <= SECTION_PERCENT) & (high >= SECTION_PERCENT) & np.isfinite(area))
    if not len(inside):
        return dict.fromkeys(SCALARS[1:4], float("nan"))
    at = int(inside[area[inside].argmin()])
    return dict(zip(SCALARS[1:4], (float(distance[at]), float(area[at]), float(SECTION_PERCENT[at])), strict=True))


def _median(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _cells(token: TractToken) -> list[Value]:
    numbers = [*token.scalars.values(), *token.area.tolist(), *token.distance.tolist()]
    return [token.recording, token.label, token.start, token.end, token.frames, *map(finite_or_none, numbers)]


def _summary_of(label: str, tokens: Sequence[TractToken]) -> Row:
    values = np.array([[*token.scalars.values(), *token.area, *token.distance] for token in tokens])
    cells = np.stack([mean_of_known(values), spread_of_known(values)], axis=1).ravel().tolist()
    return dict(zip(VOWEL_COLUMNS, (label, len(tokens), *map(finite_or_none, cells)), strict=True))
