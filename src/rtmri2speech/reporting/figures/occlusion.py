"""What hiding regions did, drawn beside what hiding as much elsewhere did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rtmri2speech.analysis.occlusion.table import Row
from rtmri2speech.data.files import replacing
from rtmri2speech.drawing.style import set_title

# Colours of hidden to visible: dark to light in every kind of colour blindness, and in print.
_COLOURS = colormaps["viridis"]
_UNITS = {"db": "dB", "hz": "Hz"}


def draw_masking(path: Path, rows: Sequence[Row], measures: Sequence[str], title: str) -> None:
    """Draw bars by region and alpha, a line of them a measure and a column a fill; controls are marked on the bars.

    Conditions with alpha 1, which change nothing, are left out where there are others.

    Args:
        path: a PNG file.
        rows: of the table.
        measures: names of those to draw.
        title: for people.

    Raises:
        UserError: when the file cannot be written.
    """
    shown = [row for row in rows if row.condition.alpha < 1.0] or rows
    fills = list(dict.fromkeys(row.condition.fill for row in shown))
    regions = list(dict.fromkeys(row.condition.region for row in shown))
    alphas = sorted({row.condition.alpha for row in shown})
    width = max(4.5, 0.9 * len(regions)) * max(len(fills), 1)
    figure = Figure(figsize=(width, 0.9 + 1.9 * len(measures)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(measures), max(len(fills), 1), squeeze=False, sharex=True, sharey="row")
    for line, measure in zip(grid, measures, strict=True):
        for axes, fill in zip(line, fills, strict=False):
            ours = [row for row in shown if row.measure == measure and row.condition.fill == fill]
            _draw_bars(axes, ours, regions, alphas)
            axes.set_xticks(range(len(regions)), [name.replace("_", " ") for name in regions], rotation=30, ha="right")
        line[0].set_ylabel(_label(measure), fontsize="small")
    for axes, fill in zip(grid[0], fills, strict=False):
        set_title(axes, f"{title}\n{fill}" if axes is grid[0][0] else f"\n{fill}")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", ncols=len(labels) or 1, loc="outside lower center")
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _draw_bars(axes: Axes, rows: Sequence[Row], regions: Sequence[str], alphas: Sequence[float]) -> None:
    width = 0.8 / max(len(alphas), 1)
    marks: list[tuple[float, float]] = []
    for index, alpha in enumerate(alphas):
        ours = {row.condition.region: row for row in rows if row.condition.alpha == alpha}
        places = np.arange(len(regions)) + (index - (len(alphas) - 1) / 2.0) * width
        heights = [ours[name].effect if name in ours else float("nan") for name in regions]
        colour = _COLOURS(0.15 + 0.7 * index / max(len(alphas) - 1, 1))
        axes.bar(places, heights, 0.92 * width, color=colour, label=f"alpha {alpha:g}")
        for place, name in zip(places, regions, strict=True):
            marks += [(place, value) for value in (ours[name].controls if name in ours else ())]
    if marks:
        x, y = zip(*marks, strict=True)
        axes.scatter(x, y, s=16, marker="_", color="#d55e00", linewidths=1.6, label="controls of equal area", zorder=3)
    axes.axhline(0.0, color="0.3", linewidth=0.6)
    axes.tick_params(labelsize="small")


def _label(measure: str) -> str:
    """``F1_level_db`` as ``F1 level (dB)``."""
    words = measure.replace("sound_", "sound: ").split("_")
    unit = _UNITS.get(words[-1])
    return " ".join(words) if unit is None else f"{' '.join(words[:-1])} ({unit})"
