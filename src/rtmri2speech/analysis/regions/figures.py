"""Regions drawn: their outlines on the anatomy, and what the maps hold in them over time."""

from __future__ import annotations

import numpy as np

from rtmri2speech.analysis.regions.region_sums import SummedMaps
from rtmri2speech.drawing.style import Drawing, line_looks, new_drawing, set_title


def region_figure(summed: SummedMaps, title: str) -> Drawing:
    """Outlines on the mean frame (moving regions as in the middle frame), and signed sums over time by band."""
    maps = summed.maps
    figure = new_drawing(11.0, max(4.2, 2.6 * len(summed.sums)))
    # A square image leaves its title less room than the layout thinks.
    figure.get_layout_engine().set(h_pad=0.12)  # type: ignore[union-attr, call-arg]
    grid = figure.add_gridspec(len(summed.sums), 2, width_ratios=(1.0, 1.5))
    anatomy = figure.add_subplot(grid[:, 0])
    anatomy.imshow(maps.mean_frame, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    looks = line_looks(len(summed.regions.names))
    for mask, (color, style) in zip(summed.regions.at(maps.n_frames // 2), looks, strict=True):
        if mask.any() and not mask.all():
            anatomy.contour(mask.astype(float), levels=[0.5], linewidths=1.4, colors=[color], linestyles=[style])
    anatomy.set_axis_off()
    set_title(anatomy, title)
    axes = anatomy
    times = (np.arange(maps.n_frames) + 0.5) / float(maps.frame_rate)
    for row, (band_maps, one) in enumerate(summed):
        axes = figure.add_subplot(grid[row, 1])
        for index, (name, (color, style)) in enumerate(zip(summed.regions.names, looks, strict=True)):
            axes.plot(times, one.signed[:, index], label=name, linewidth=1.3, color=color, linestyle=style)
        axes.plot(times, one.signed[:, -1], label=one.names[-1], linewidth=1.0, color="0.6", linestyle="dotted")
        axes.axhline(0.0, color="0.3", linewidth=0.6)
        axes.set_ylabel(f"{band_maps.band.name}: sum of the map ({band_maps.unit})", fontsize="small")
        axes.set_xlim(0.0, maps.n_frames / float(maps.frame_rate))
        if row == len(summed.sums) - 1:
            axes.set_xlabel("time (s)")
    figure.legend(*axes.get_legend_handles_labels(), fontsize="small", ncols=9, loc="outside lower center")
    return figure
