"""Results of the tests of maps, drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from rtmri2speech.analysis.validation.clip_probe import Variant
from rtmri2speech.analysis.validation.deletion_insertion import Curves, Test
from rtmri2speech.analysis.validation.faithfulness import Faithfulness
from rtmri2speech.analysis.validation.plausibility import Plausibility
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title

# Colors for layers; grays, told apart by their strokes, for what knows nothing of the model.
_LAYERS = (PALETTE[1], PALETTE[0], *PALETTE[2:])
_STROKES = ("solid", "dashed", "dotted", "dashdot")


def faithfulness_figure(found: Faithfulness) -> Drawing:
    """A row of axes per target: similarity after randomization, deletion, insertion; a line per layer.

    All are means over bands. Curves are divided by the target's distance when the whole frame is blurred.
    """
    layout = found.layout
    figure = new_drawing(11.0, 0.8 + 2.3 * len(layout.kinds))
    grid = figure.subplots(len(layout.kinds), 3, squeeze=False)
    tests: tuple[Test, Test] = ("deletion", "insertion")
    for line, kind in zip(grid, layout.kinds, strict=True):
        variants = [variant for variant in layout.variants if variant.target == kind]
        numbers = layout.numbers(kind)
        _draw_cascade(line[0], found, variants)
        for axes, test in zip(line[1:], tests, strict=True):
            for (name, baseline), stroke in zip(found.curves.baselines.items(), _STROKES, strict=True):
                _draw_curve(axes, [baseline] * len(numbers), numbers, test, "0.5", stroke, name)
            for variant, color in zip(variants, _LAYERS, strict=False):
                curves = [found.curves.maps[variant, band.name] for band in layout.bands]
                _draw_curve(axes, curves, numbers, test, color, "solid", f"stride {variant.stride} pixels")
        line[0].set_ylabel(f"{kind}\nrank correlation", fontsize="small")
        line[1].set_ylabel("distance of the target", fontsize="small")
    title = f"{found.name}, {len(found.frames)} frames"
    for axes, text in zip(grid[0], ("maps after randomization", *tests), strict=True):
        set_title(axes, f"{title}\n{text}" if axes is grid[0][0] else f"\n{text}")
    for axes in grid[-1][1:]:
        axes.set_xlabel("share of the frame", fontsize="small")
    for axes in grid.flat:
        axes.tick_params(labelsize="small")
    figure.legend(*grid[0][1].get_legend_handles_labels(), fontsize="small", ncols=7, loc="outside lower center")
    return figure


def plausibility_figure(found: Plausibility, variants: Sequence[Variant]) -> Drawing:
    """Shares by place, a row of axes per band and a column per vowel: bars for physics, lines for ways to make maps.

    Args:
        found: profiles of all variants, bands and vowels.
        variants: whose lines are drawn, two at most.
    """
    profiles, names = found.profiles, found.places
    bands = list(dict.fromkeys(one.band for one in profiles))
    vowels = list(dict.fromkeys(one.vowel for one in profiles))
    figure = new_drawing(1.6 + 2.1 * len(vowels), 0.9 + 2.0 * len(bands))
    grid = figure.subplots(len(bands), len(vowels), squeeze=False, sharex=True, sharey=True)
    places = np.arange(len(names))
    for line, band in zip(grid, bands, strict=True):
        for axes, vowel in zip(line, vowels, strict=True):
            ours = {one.variant: one for one in profiles if (one.band, one.vowel) == (band, vowel)}
            expected = next(iter(ours.values())).expected
            axes.bar(places, expected, color="0.75", label="sensitivity function")
            for variant, color in zip(variants, _LAYERS, strict=False):
                axes.plot(places, ours[variant].found, color=color, marker="o", markersize=3, label=variant.name)
            axes.tick_params(labelsize="small")
            axes.set_xticks(places, [name.replace("_", " ") for name in names])
            if max(map(len, names)) > 2:
                axes.tick_params(axis="x", labelrotation=60)
        line[0].set_ylabel(f"{band}: share of the tract", fontsize="small")
    for axes, vowel in zip(grid[0], vowels, strict=True):
        set_title(axes, vowel)
    figure.legend(*grid[0][0].get_legend_handles_labels(), fontsize="small", ncols=3, loc="outside lower center")
    return figure


def _draw_cascade(axes: Axes, found: Faithfulness, variants: Sequence[Variant]) -> None:
    steps = list(dict.fromkeys(one.step for one in found.similarities))
    for variant, color in zip(variants, _LAYERS, strict=False):
        ours = [one for one in found.similarities if one.key[0] == variant]
        means = [float(np.mean([one.rank for one in ours if one.step == step])) for step in steps]
        axes.plot(range(len(steps) + 1), [1.0, *means], color=color, marker="o", markersize=3)
    axes.axhline(0.0, color="0.3", linewidth=0.6)
    axes.set_ylim(-0.5, 1.05)
    axes.set_xticks(range(len(steps) + 1), ["trained", *steps], rotation=45, ha="right")


def _draw_curve(
    axes: Axes, curves: Sequence[Curves], targets: Sequence[int], test: Test, color: str, stroke: str, label: str
) -> None:
    parts = []
    for one, target in zip(curves, targets, strict=True):
        values = one.deletion if test == "deletion" else one.insertion
        whole = np.median(one.deletion[target][:, -1])
        parts.append(np.median(values[target], axis=0) / (whole if whole > 0 else 1.0))
    axes.plot(curves[0].fractions, np.mean(parts, axis=0), color=color, linestyle=stroke, label=label)
