"""Attribution along the tract beside what physics expects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rtmri2speech.analysis.validation.plausibility import Profile
from rtmri2speech.analysis.validation.probe import Variant
from rtmri2speech.data.files import replacing
from rtmri2speech.drawing.style import set_title

_COLOURS = ("#D55E00", "#0072B2")


def draw_physics(path: Path, names: Sequence[str], profiles: Sequence[Profile], variants: Sequence[Variant]) -> None:
    """Draw shares by place, a row a band and a column a vowel: bars for physics, lines for some ways to make maps.

    Args:
        path: a PNG file.
        names: of the places.
        profiles: of all variants, bands and vowels.
        variants: whose lines are drawn, two at most.

    Raises:
        UserError: when the file cannot be written.
    """
    bands = list(dict.fromkeys(one.band for one in profiles))
    vowels = list(dict.fromkeys(one.vowel for one in profiles))
    figure = Figure(figsize=(1.6 + 2.1 * len(vowels), 0.9 + 2.0 * len(bands)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(bands), len(vowels), squeeze=False, sharex=True, sharey=True)
    places = np.arange(len(names))
    for line, band in zip(grid, bands, strict=True):
        for axes, vowel in zip(line, vowels, strict=True):
            ours = {one.variant: one for one in profiles if (one.band, one.vowel) == (band, vowel)}
            expected = next(iter(ours.values())).expected
            axes.bar(places, expected, color="0.75", label="sensitivity function")
            for variant, colour in zip(variants, _COLOURS, strict=False):
                axes.plot(places, ours[variant].found, color=colour, marker="o", markersize=3, label=variant.name)
            axes.tick_params(labelsize="small")
            axes.set_xticks(places, [name.replace("_", " ") for name in names])
            if max(map(len, names)) > 2:
                axes.tick_params(axis="x", labelrotation=60)
        line[0].set_ylabel(f"{band}: share of the tract", fontsize="small")
    for axes, vowel in zip(grid[0], vowels, strict=True):
        set_title(axes, vowel)
    figure.legend(*grid[0][0].get_legend_handles_labels(), fontsize="small", ncols=3, loc="outside lower center")
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
