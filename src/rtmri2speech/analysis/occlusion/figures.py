"""Effects of hiding regions, drawn next to those of hiding as much elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from rtmri2speech.analysis.occlusion.effects import Measure
from rtmri2speech.analysis.occlusion.occlusion import Effect, Occlusion
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title

# Colors of hidden to visible: dark to light in every kind of color blindness, and in print.
_COLORS = colormaps["viridis"]
_CONTROLS = PALETTE[1]


def occlusion_figure(occlusion: Occlusion, measures: Sequence[Measure]) -> Drawing:
    """Bars by region and alpha, one row of axes per measure and one column per fill; controls are marked on the bars.

    Conditions with alpha 1, which change nothing, are left out where there are others.

    Args:
        occlusion: the result.
        measures: those to draw.
    """
    shown = [effect for effect in occlusion.effects if effect.condition.alpha < 1.0] or occlusion.effects
    fills = list(dict.fromkeys(effect.condition.fill for effect in shown))
    regions = list(dict.fromkeys(effect.condition.region for effect in shown))
    alphas = sorted({effect.condition.alpha for effect in shown})
    figure = new_drawing(max(4.5, 0.9 * len(regions)) * max(len(fills), 1), 0.9 + 1.9 * len(measures))
    grid = figure.subplots(len(measures), max(len(fills), 1), squeeze=False, sharex=True, sharey="row")
    for line, measure in zip(grid, measures, strict=True):
        for axes, fill in zip(line, fills, strict=False):
            ours = [effect for effect in shown if effect.measure == measure and effect.condition.fill == fill]
            _draw_bars(axes, ours, regions, alphas)
            axes.set_xticks(range(len(regions)), [name.replace("_", " ") for name in regions], rotation=30, ha="right")
        line[0].set_ylabel(measure.label, fontsize="small")
    title = f"{occlusion.name}: change when hidden"
    for axes, fill in zip(grid[0], fills, strict=False):
        set_title(axes, f"{title}\n{fill}" if axes is grid[0][0] else f"\n{fill}")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", ncols=len(labels) or 1, loc="outside lower center")
    return figure


def _draw_bars(axes: Axes, effects: Sequence[Effect], regions: Sequence[str], alphas: Sequence[float]) -> None:
    width = 0.8 / max(len(alphas), 1)
    marks: list[tuple[float, float]] = []
    for index, alpha in enumerate(alphas):
        ours = {effect.condition.region: effect for effect in effects if effect.condition.alpha == alpha}
        places = np.arange(len(regions)) + (index - (len(alphas) - 1) / 2.0) * width
        heights = [ours[name].effect if name in ours else float("nan") for name in regions]
        color = _COLORS(0.15 + 0.7 * index / max(len(alphas) - 1, 1))
        axes.bar(places, heights, 0.92 * width, color=color, label=f"alpha {alpha:g}")
        for place, name in zip(places, regions, strict=True):
            marks += [(place, value) for value in (ours[name].controls if name in ours else ())]
    if marks:
        x, y = zip(*marks, strict=True)
        axes.scatter(x, y, s=16, marker="_", color=_CONTROLS, linewidths=1.6, label="controls of equal area", zorder=3)
    axes.axhline(0.0, color="0.3", linewidth=0.6)
    axes.tick_params(labelsize="small")
