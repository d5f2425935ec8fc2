"""How maps fare when the model forgets, and when pixels go in their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rtmri2speech.analysis.validation.deletion_insertion import BASELINES, FRACTIONS, Curve
from rtmri2speech.analysis.validation.faithfulness import Faithfulness
from rtmri2speech.analysis.validation.probe import Variant
from rtmri2speech.data.files import replacing
from rtmri2speech.drawing.style import set_title

# Okabe and Ito (2008) for layers; greys, told apart by their strokes, for what knows nothing of the model.
_LAYERS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_STROKES = ("solid", "dashed", "dotted", "dashdot")


def draw_faithfulness(path: Path, found: Faithfulness, title: str) -> None:
    """Draw a row a target: likeness after randomising, deletion, insertion; means over bands, a line a layer.

    Curves are divided by the target's distance when the whole frame is blurred.

    Raises:
        UserError: when the file cannot be written.
    """
    kinds = found.probe.kinds
    figure = Figure(figsize=(11.0, 0.8 + 2.3 * len(kinds)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(kinds), 3, squeeze=False)
    for line, kind in zip(grid, kinds, strict=True):
        variants = [variant for variant in found.probe.variants if variant.target == kind]
        _draw_cascade(line[0], found, variants)
        targets = [found.probe.index(kind, band) for band in range(len(found.probe.bands))]
        for axes, deletion in ((line[1], True), (line[2], False)):
            for name, stroke in zip(BASELINES, _STROKES, strict=True):
                _draw_curve(axes, found.curves, name, targets, deletion, "0.5", stroke, name)
            for variant, colour in zip(variants, _LAYERS, strict=False):
                label = f"cells of {variant.stride} pixels"
                _draw_curve(axes, found.curves, variant, targets, deletion, colour, "solid", label)
        line[0].set_ylabel(f"{kind}\nrank correlation", fontsize="small")
        line[1].set_ylabel("distance of the target", fontsize="small")
    for axes, text in zip(grid[0], ("maps after randomising", "deletion", "insertion"), strict=True):
        set_title(axes, f"{title}\n{text}" if axes is grid[0][0] else f"\n{text}")
    for axes in grid[-1][1:]:
        axes.set_xlabel("share of the picture", fontsize="small")
    for axes in grid.flat:
        axes.tick_params(labelsize="small")
    figure.legend(*grid[0][1].get_legend_handles_labels(), fontsize="small", ncols=7, loc="outside lower center")
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _draw_cascade(axes: Axes, found: Faithfulness, variants: list[Variant]) -> None:
    steps = list(dict.fromkeys(one.step for one in found.similarities))
    for variant, colour in zip(variants, _LAYERS, strict=False):
        ours = [one for one in found.similarities if one.variant == variant]
        means = [float(np.mean([one.rank for one in ours if one.step == step])) for step in steps]
        axes.plot(range(len(steps) + 1), [1.0, *means], color=colour, marker="o", markersize=3)
    axes.axhline(0.0, color="0.3", linewidth=0.6)
    axes.set_ylim(-0.5, 1.05)
    axes.set_xticks(range(len(steps) + 1), ["trained", *steps], rotation=45, ha="right")


def _draw_curve(
    axes: Axes,
    curves: list[Curve],
    order: Variant | str,
    targets: list[int],
    deletion: bool,
    colour: str,
    stroke: str,
    label: str,
) -> None:
    chosen = [curve for curve in curves if curve.order == order and curve.target in targets]
    parts = []
    for curve in chosen:
        values = curve.deletion if deletion else curve.insertion
        whole = np.median(curve.deletion[:, -1])
        parts.append(np.median(values, axis=0) / (whole if whole > 0 else 1.0))
    axes.plot(FRACTIONS, np.mean(parts, axis=0), color=colour, linestyle=stroke, label=label)
