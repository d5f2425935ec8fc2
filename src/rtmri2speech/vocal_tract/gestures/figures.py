"""Figures of gestures and of area functions, drawn on a figure of any size; and as files for publication."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rtmri2speech.arrays import Float64
from rtmri2speech.drawing.style import PALETTE, Columns, figure_files, publication, set_heading, set_title
from rtmri2speech.metrics.known import mean_of_known, spread_of_known
from rtmri2speech.vocal_tract.geometry.midline import SECTION_PERCENT, SECTIONS
from rtmri2speech.vocal_tract.gestures.tokens import TractTokens

if TYPE_CHECKING:
    from rtmri2speech.vocal_tract.gestures.comparison import Comparison, Difference
    from rtmri2speech.vocal_tract.gestures.gestures import Gestures

_ACROSS: dict[Columns, int] = {1: 2, 2: 4}
_PANEL_MM: dict[Columns, float] = {1: 38.0, 2: 42.0}
_PLATEAU, _MOVEMENT = 0.45, 0.18
_SHADE = 0.22


def panel_rows(count: int, across: int = 3) -> int:
    """Rows of panels that so many take."""
    return -(-max(count, 1) // across)


def plot_gestures(figure: Figure, gestures: Gestures, start: float, end: float) -> None:
    """Measures over time, one below the other: movements shaded lightly, plateaus darker.

    Args:
        figure: empty.
        gestures: of a recording.
        start, end: what is shown, seconds.
    """
    names = list(gestures.found) or ["nothing was measured"]
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    inside = (gestures.times >= start) & (gestures.times <= end)
    for index, (axes, name) in enumerate(zip(panels, names, strict=True)):
        color = PALETTE[index % len(PALETTE)]
        if name in gestures.measures:
            axes.plot(gestures.times[inside], gestures.measures[name][inside], color=color)
        for one in gestures.found.get(name, ()):
            mark = one.landmarks
            for low, high, alpha in (
                (mark.onset, mark.target, _MOVEMENT),
                (mark.target, mark.release, _PLATEAU),
                (mark.release, mark.offset, _MOVEMENT),
            ):
                if low < end and high > start:
                    axes.axvspan(max(low, start), min(high, end), color=color, alpha=alpha, linewidth=0)
        axes.set_ylabel(f"{name.replace('_', ' ')}\n(mm)", fontsize="small")
    panels[0].set_xlim(start, end)
    panels[-1].set_xlabel("time (s)")
    set_title(panels[0], gestures.name)


def plot_area_functions(figure: Figure, tokens: TractTokens, across: int = 3) -> None:
    """The mean area function of each label, with a band of one standard deviation over its tokens.

    Args:
        figure: empty.
        tokens: of any number of recordings.
        across: panels in a row.
    """
    labels = tokens.labels or ("",)
    for axes, label in zip(_panels(figure, len(labels), across), labels, strict=False):
        _band(axes, tokens.areas(label), PALETTE[0], None)
        set_title(axes, f"{label} (n = {len(tokens.of(label))})")
    figure.axes[0].set_ylim(bottom=0.0)


def plot_comparison(figure: Figure, comparison: Comparison, across: int = 3) -> None:
    """Mean area functions of both sides for each label; shaded where their difference excludes 0.

    The band is one standard deviation over tokens; what combines labels has none. Light gray where the interval of a
    section by itself excludes 0, dark gray where the one that holds for all sections at once does.

    Args:
        figure: empty.
        comparison: of two sides.
        across: panels in a row.
    """
    shown = comparison.differences
    panels = _panels(figure, len(shown), across)
    for axes, one in zip(panels, shown, strict=False):
        for values, color, name in (
            (one.first, PALETTE[0], comparison.names[0]),
            (one.second, PALETTE[1], comparison.names[1]),
        ):
            _band(axes, values, color, name, not one.combined)
        _shade(axes, one)
        title = one.label if one.combined else f"{one.label} (n = {len(one.first)}, {len(one.second)})"
        set_title(axes, title)
        if comparison.relative and axes.get_ylabel():
            axes.set_ylabel("area / mean area")
    panels[0].set_ylim(bottom=0.0)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)


def draw_area_functions(stem: Path, tokens: TractTokens, columns: Columns = 1) -> list[Path]:
    """Write :func:`plot_area_functions` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    across = min(_ACROSS[columns], max(len(tokens.labels), 1))
    height = 10.0 + _PANEL_MM[columns] * panel_rows(len(tokens.labels), across)
    with publication(stem, columns, height) as figure:
        plot_area_functions(figure, tokens, across)
        set_heading(figure, tokens.name)
    return figure_files(stem)


def draw_comparison(stem: Path, comparison: Comparison, columns: Columns = 2) -> list[Path]:
    """Write :func:`plot_comparison` as PDF, SVG and PNG.

    Raises:
        UserError: when a file cannot be written.
    """
    count = len(comparison.differences)
    across = min(_ACROSS[columns], max(count, 1))
    with publication(stem, columns, 16.0 + _PANEL_MM[columns] * panel_rows(count, across)) as figure:
        plot_comparison(figure, comparison, across)
    return figure_files(stem)


def _panels(figure: Figure, count: int, across: int) -> Sequence[Axes]:
    """Axes over percent of the tract, as many as asked for; labels at the left and below only."""
    wide = min(across, count)
    grid = figure.subplots(panel_rows(count, wide), wide, squeeze=False, sharex=True, sharey=True)
    for number, axes in enumerate(grid.ravel()):
        if number >= count:
            axes.set_axis_off()
            continue
        axes.set_xlim(0.0, 100.0)
        if number % wide == 0:
            axes.set_ylabel("area (cm²)")
        if number + wide >= count:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("% from glottis to lips")
    return list(grid.ravel()[:count])


def _band(axes: Axes, areas: Float64, color: str, name: str | None, band: bool = True) -> None:
    """Mean of (N, 40) and, if wanted, one standard deviation around it."""
    mean, spread = mean_of_known(areas), spread_of_known(areas)
    axes.plot(SECTION_PERCENT, mean, color=color, label=name)
    if not band:
        return
    axes.fill_between(
        SECTION_PERCENT, np.maximum(mean - spread, 0.0), mean + spread, color=color, alpha=_SHADE, linewidth=0
    )


def _shade(axes: Axes, one: Difference) -> None:
    """Gray over the sections that differ."""
    half = 50.0 / SECTIONS
    for number in np.flatnonzero(one.excludes_0):
        sure = bool(one.excludes_0_everywhere[number])
        place = SECTION_PERCENT[number]
        axes.axvspan(place - half, place + half, color="0.5" if sure else "0.75", alpha=0.35, linewidth=0)
