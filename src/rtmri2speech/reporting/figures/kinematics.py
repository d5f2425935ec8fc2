"""Figures of movement: kymographs, and the brightness of regions with its velocity."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.analysis.kinematics.kymograph import Kymograph
from rtmri2speech.analysis.kinematics.region_intensity import Intensity
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.drawing.style import PALETTE, Columns, figure_files, publication, set_heading

_HEIGHT_MM = {1: 60.0, 2: 50.0}


def draw_kymograph(stem: Path, kymograph: Kymograph, columns: Columns, title: str) -> list[Path]:
    """Draw the line on the mean picture, and beside it what lies on the line over time; its begin is at the top.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, _HEIGHT_MM[columns]) as figure:
        anatomy, axes = figure.subplots(1, 2, width_ratios=(1.0, 2.6 if columns == 2 else 1.4))
        height, width = kymograph.mean_picture.shape
        extent = (0.0, width, height, 0.0)
        anatomy.imshow(kymograph.mean_picture, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
        line = kymograph.line
        anatomy.annotate(
            "", (line.x1, line.y1), (line.x0, line.y0), arrowprops={"arrowstyle": "->", "color": PALETTE[4]}
        )
        anatomy.set_axis_off()
        set_heading(figure, title)
        times, edge = kymograph.times, 0.5 * float(np.median(np.diff(kymograph.times, prepend=0.0)))
        axes.imshow(
            kymograph.values.T,
            aspect="auto",
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
            extent=(times[0] - edge, times[-1] + edge, kymograph.positions[-1], 0.0),
        )
        axes.set_xlabel("time (s)")
        axes.set_ylabel("along the line (pixels)")
    return figure_files(stem)


def draw_intensity(stem: Path, intensity: Intensity, regions: Regions, columns: Columns, title: str) -> list[Path]:
    """Draw the regions on the mean picture (moving ones as in the middle frame), their brightness, and its velocity.

    Raises:
        UserError: when a file cannot be written.
    """
    colours = [PALETTE[index % len(PALETTE)] for index in range(len(intensity.names))]
    with publication(stem, columns, 1.5 * _HEIGHT_MM[columns]) as figure:
        grid = figure.add_gridspec(2, 2, width_ratios=(1.0, 2.6 if columns == 2 else 1.4))
        anatomy = figure.add_subplot(grid[:, 0])
        anatomy.imshow(intensity.mean_picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        for mask, colour in zip(regions.at(len(intensity.times) // 2), colours, strict=True):
            if mask.any() and not mask.all():
                anatomy.contour(mask.astype(float), levels=[0.5], linewidths=0.9, colors=[colour])
        anatomy.set_axis_off()
        set_heading(figure, title)
        upper = figure.add_subplot(grid[0, 1])
        lower = figure.add_subplot(grid[1, 1], sharex=upper)
        for index, (name, colour) in enumerate(zip(intensity.names, colours, strict=True)):
            upper.plot(intensity.times, intensity.values[:, index], ".", markersize=1.2, color=colour, alpha=0.5)
            upper.plot(intensity.times, intensity.smooth[:, index], color=colour, label=name)
            lower.plot(intensity.times, intensity.velocity[:, index], color=colour)
        upper.set_ylabel("intensity")
        upper.tick_params(labelbottom=False)
        lower.axhline(0.0, color="0.4", linewidth=0.5)
        lower.set_ylabel("velocity (1/s)")
        lower.set_xlabel("time (s)")
        legend = figure.legend(loc="outside lower center", ncols=4 if columns == 2 else 3, title=intensity.smoothing)
        legend.get_title().set_fontsize(7.0)
    return figure_files(stem)
