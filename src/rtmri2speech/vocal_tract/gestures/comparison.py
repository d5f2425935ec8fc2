"""Two speakers, or two conditions, compared section by section on the normalized tract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.tables import Row, finite_or_none, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.metrics.bootstrap import Bootstrap, intervals, joint_intervals
from rtmri2speech.metrics.known import mean_of_known
from rtmri2speech.vocal_tract.geometry.midline import SECTION_PERCENT, SECTIONS
from rtmri2speech.vocal_tract.gestures.tokens import SCALARS, TractToken, TractTokens

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

COMBINED = "all labels"
"""Mean difference over the labels, each of which counts the same however many tokens it has."""

SECTION_COLUMNS = (
    *("label", "tokens_a", "tokens_b", "section", "percent", "mean_a", "mean_b", "difference"),
    *("low", "high", "low_everywhere", "high_everywhere", "excludes_0", "excludes_0_everywhere"),
)
"""Of the table with a row per label and section; areas in cm2, or relative to their mean."""

MEASURE_COLUMNS = (
    *("label", "tokens_a", "tokens_b", "measure", "mean_a", "mean_b", "difference", "low", "high", "excludes_0"),
)
"""Of the table with a row per label and measure."""

FEW_TOKENS = 10
"""With fewer, percentile intervals of a mean are too narrow."""

_FEWEST = 2
_DIGITS = 6


@dataclass(frozen=True, eq=False)
class Difference:
    """Of one label: values of two sides with K columns, and the difference of their means, second minus first.

    Attributes:
        label: which vowel, or :data:`COMBINED`.
        first, second: tokens of each side, (N, K); of :data:`COMBINED` the means of the labels.
        mean_first, mean_second: (K,).
        difference: (K,).
        interval: (K, 2), bounds of its 95 % bootstrap interval at each column by itself.
        everywhere: (K, 2), bounds that hold for all columns at once.
        combined: whether it is the mean over labels.
    """

    label: str
    first: Float64
    second: Float64
    mean_first: Float64
    mean_second: Float64
    difference: Float64
    interval: Float64
    everywhere: Float64
    combined: bool = False

    @property
    def excludes_0(self) -> Bool:
        """(K,), where the interval of the column by itself excludes 0."""
        return _excludes_0(self.interval)

    @property
    def excludes_0_everywhere(self) -> Bool:
        """(K,), where the interval that holds for all columns at once excludes 0."""
        return _excludes_0(self.everywhere)


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Two sides compared.

    Attributes:
        names: of the two sides.
        differences: of area functions (K = 40), by label, and over all labels where there are several.
        measures: of the measures of :data:`~rtmri2speech.vocal_tract.gestures.tokens.SCALARS`, in the same order.
        relative: whether areas are multiples of each token's mean area.
        notes: what was noticed, a line each.
    """

    names: tuple[str, str]
    differences: tuple[Difference, ...]
    measures: tuple[Difference, ...]
    relative: bool = False
    notes: tuple[str, ...] = field(default=())

    def rows(self) -> list[Row]:
        """A row per label and section, with the columns of :data:`SECTION_COLUMNS`."""
        return [row for one in self.differences for row in _section_rows(one)]

    def measure_rows(self) -> list[Row]:
        """A row per label and measure, with the columns of :data:`MEASURE_COLUMNS`."""
        return [row for one in self.measures for row in _measure_rows(one)]

    def save(self, out: str | Path) -> list[Path]:
        """Write ``comparison.csv`` (:meth:`rows`) and ``comparison_measures.csv`` (:meth:`measure_rows`).

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        folder = Path(out)
        return [
            write_table(folder / "comparison.csv", SECTION_COLUMNS, self.rows(), _DIGITS),
            write_table(folder / "comparison_measures.csv", MEASURE_COLUMNS, self.measure_rows(), _DIGITS),
        ]

    def show(self) -> Drawing:
        """Area functions of both sides, shaded where they differ, as a figure that a notebook shows."""
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.vocal_tract.gestures.figures import panel_rows, plot_comparison

        figure = new_drawing(8.0, 0.8 + 2.2 * panel_rows(len(self.differences)))
        plot_comparison(figure, self)
        return figure

    def __repr__(self) -> str:
        parts = [f"{one.label} {int(one.excludes_0.sum())}/{SECTIONS}" for one in self.differences]
        return f"{self.names[1]} against {self.names[0]}, sections that differ: {', '.join(parts)}"


def compare(
    first: TractTokens,
    second: TractTokens,
    *,
    relative: bool = False,
    bootstrap: Bootstrap | None = None,
) -> Comparison:
    """Compare the tokens of two sides, label by label; labels that only one has are named in a note.

    Intervals are of the means of these tokens, which are drawn with replacement: they say how sure the difference of
    two speakers is, not that of two groups of speakers.

    Args:
        first: of one speaker or condition.
        second: of the other.
        relative: divide the areas of each token by their mean over the tract: its shape, without its size.
        bootstrap: draws of the intervals.

    Raises:
        ConfigError: when they have no label in common.
    """
    common = [label for label in first.labels if label in second.labels]
    if not common:
        sides = " and ".join(f"{one.name} has {', '.join(one.labels) or 'none'}" for one in (first, second))
        raise ConfigError(f"no label is on both sides: {sides}.", "Name labels that both have: `label`.")
    draw = bootstrap or Bootstrap()
    areas, measures = [], []
    for stream, label in enumerate(common):
        one, other = first.of(label), second.of(label)
        areas.append(_difference(label, _areas(one, relative), _areas(other, relative), draw, stream))
        measures.append(_difference(label, _scalars(one), _scalars(other), draw, stream))
    if len(common) > 1:
        areas, measures = [_combined(areas), *areas], [_combined(measures), *measures]
    notes = (*first.notes, *second.notes, *_notes(first, second, common))
    return Comparison(
        (first.name, second.name), tuple(one for one, _ in areas), tuple(one for one, _ in measures), relative, notes
    )


def _areas(tokens: list[TractToken], relative: bool) -> Float64:
    values = np.array([token.area for token in tokens]).reshape(-1, SECTIONS)
    if not relative:
        return values
    known = np.isfinite(values)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(values / np.where(mean > 0, mean, np.nan)[:, None])


def _scalars(tokens: list[TractToken]) -> Float64:
    return np.array([[token.scalars[name] for name in SCALARS] for token in tokens])


def _difference(
    label: str, first: Float64, second: Float64, bootstrap: Bootstrap, stream: int
) -> tuple[Difference, Float64]:
    """Of one label, and the draws of its difference (R, K), NaN where a side has a single token."""
    before, after = mean_of_known(first), mean_of_known(second)
    counts = [np.isfinite(side).sum(axis=0) for side in (first, second)]
    enough = np.minimum(counts[0], counts[1]) >= _FEWEST
    draws = np.where(enough, bootstrap.differences(first, second, stream), np.nan)
    change = after - before
    bounds = intervals(draws), joint_intervals(change, draws)
    return Difference(label, first, second, before, after, change, *bounds), draws


def _combined(parts: list[tuple[Difference, Float64]]) -> tuple[Difference, Float64]:
    """The mean over labels; each column counts those of which both sides have two tokens that know it."""
    stacked = np.array([draws for _, draws in parts])
    used = np.isfinite(stacked).any(axis=1)
    first = np.where(used, [one.mean_first for one, _ in parts], np.nan)
    second = np.where(used, [one.mean_second for one, _ in parts], np.nan)
    before, after, draws = mean_of_known(first), mean_of_known(second), mean_of_known(stacked)
    change = after - before
    bounds = intervals(draws), joint_intervals(change, draws)
    return Difference(COMBINED, first, second, before, after, change, *bounds, combined=True), draws


def _excludes_0(bounds: Float64) -> Bool:
    return np.asarray((bounds[:, 0] > 0) | (bounds[:, 1] < 0))


def _notes(first: TractTokens, second: TractTokens, common: list[str]) -> Iterator[str]:
    for one, other in ((first, second), (second, first)):
        alone = [label for label in one.labels if label not in other.labels]
        if alone:
            yield f"only {one.name} has {', '.join(alone)}; not compared."
    single = [label for label in common if min(len(first.of(label)), len(second.of(label))) < _FEWEST]
    if single and len(common) > 1:
        yield f"a single token on a side ({', '.join(single)}): not counted in '{COMBINED}'."
    few = [label for label in common if min(len(first.of(label)), len(second.of(label))) < FEW_TOKENS]
    if few:
        yield f"fewer than {FEW_TOKENS} tokens on a side ({', '.join(few)}): intervals are missing or too narrow there."


def _counts(one: Difference) -> tuple[int | None, int | None]:
    return (None, None) if one.combined else (len(one.first), len(one.second))


def _section_rows(one: Difference) -> Iterator[Row]:
    columns = zip(
        SECTION_PERCENT.tolist(),
        *(part.tolist() for part in (one.mean_first, one.mean_second, one.difference)),
        *(bound.tolist() for bounds in (one.interval, one.everywhere) for bound in bounds.T),
        *(part.tolist() for part in (one.excludes_0, one.excludes_0_everywhere)),
        strict=True,
    )
    for section, cells in enumerate(columns):
        yield dict(zip(SECTION_COLUMNS, (one.label, *_counts(one), section, *map(finite_or_none, cells)), strict=True))


def _measure_rows(one: Difference) -> Iterator[Row]:
    columns = zip(
        SCALARS,
        *(part.tolist() for part in (one.mean_first, one.mean_second, one.difference)),
        *(bound.tolist() for bound in one.interval.T),
        one.excludes_0.tolist(),
        strict=True,
    )
    for measure, *cells in columns:
        yield dict(zip(MEASURE_COLUMNS, (one.label, *_counts(one), measure, *map(finite_or_none, cells)), strict=True))
