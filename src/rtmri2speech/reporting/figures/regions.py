"""Regions drawn: their outlines on the anatomy, and what the maps hold in them over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.analysis.regions.region_sums import MapsFolder, RegionSums
from rtmri2speech.data.files import replacing
from rtmri2speech.drawing.style import set_title

# Okabe and Ito (2008): told apart with every kind of colour blindness. Styles tell more than seven apart.
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
_STYLES = ("solid", "dashed")


def draw_regions(path: Path, maps: MapsFolder, regions: Regions, sums: dict[str, RegionSums], title: str) -> None:
    """Draw outlines on the mean picture (moving regions as in the middle frame), and signed sums over time by band.

    Raises:
        UserError: when the file cannot be written.
    """
    # A square picture leaves its title less room than the layout thinks.
    layout = ConstrainedLayoutEngine(h_pad=0.12)
    figure = Figure(figsize=(11.0, max(4.2, 2.6 * len(sums))), layout=layout)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(sums), 2, width_ratios=(1.0, 1.5))
    anatomy = figure.add_subplot(grid[:, 0])
    anatomy.imshow(maps.picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    looks = [
        (_COLOURS[index % len(_COLOURS)], _STYLES[index // len(_COLOURS) % len(_STYLES)])
        for index in range(len(regions.names))
    ]
    for mask, (colour, style) in zip(regions.at(len(maps.source.frames) // 2), looks, strict=True):
        if mask.any() and not mask.all():
            anatomy.contour(mask.astype(float), levels=[0.5], linewidths=1.4, colors=[colour], linestyles=[style])
    anatomy.set_axis_off()
    set_title(anatomy, title)
    axes = anatomy
    for row, (band, one) in enumerate(sums.items()):
        axes = figure.add_subplot(grid[row, 1])
        times = (np.arange(len(one.total)) + 0.5) / float(maps.rate)
        for index, (name, (colour, style)) in enumerate(zip(regions.names, looks, strict=True)):
            axes.plot(times, one.signed[:, index], label=name, linewidth=1.3, color=colour, linestyle=style)
        axes.plot(times, one.signed[:, -1], label=one.names[-1], linewidth=1.0, color="0.6", linestyle="dotted")
        axes.axhline(0.0, color="0.3", linewidth=0.6)
        axes.set_ylabel(f"{band}: sum of the map ({maps.unit})", fontsize="small")
        axes.set_xlim(0.0, len(one.total) / float(maps.rate))
        if row == len(sums) - 1:
            axes.set_xlabel("time (s)")
    figure.legend(*axes.get_legend_handles_labels(), fontsize="small", ncols=9, loc="outside lower center")
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
