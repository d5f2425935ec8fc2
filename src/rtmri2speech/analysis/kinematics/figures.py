"""Figures of movement, drawn on a figure of any size: kymographs, and the brightness of regions with its velocity."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rtmri2speech.analysis.kinematics.kymograph import Kymograph
from rtmri2speech.analysis.kinematics.region_intensity import Intensity
from rtmri2speech.drawing.style import PALETTE, line_looks


def plot_kymograph(figure: Figure, kymograph: Kymograph, share: float) -> None:
    """The line on the mean frame, and to its right the gray values along it over time; its start is at the top.

    Args:
        figure: empty.
        kymograph: what to draw.
        share: width of the kymograph as a multiple of the frame's.
    """
    anatomy, axes = figure.subplots(1, 2, width_ratios=(1.0, share))
    height, width = kymograph.mean_frame.shape
    extent = (0.0, width, height, 0.0)
    anatomy.imshow(kymograph.mean_frame, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
    line = kymograph.line
    anatomy.annotate("", (line.x1, line.y1), (line.x0, line.y0), arrowprops={"arrowstyle": "->", "color": PALETTE[4]})
    anatomy.set_axis_off()
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


def plot_intensity(figure: Figure, intensity: Intensity, share: float, legend_columns: int) -> None:
    """The regions on the mean frame (moving ones as in the middle frame), their brightness, and its velocity.

    Args:
        figure: empty.
        intensity: what to draw.
        share: width of the curves as a multiple of the frame's.
        legend_columns: of the legend below.
    """
    looks = line_looks(len(intensity.names))
    grid = figure.add_gridspec(2, 2, width_ratios=(1.0, share))
    anatomy = figure.add_subplot(grid[:, 0])
    anatomy.imshow(intensity.mean_frame, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for mask, (color, style) in zip(intensity.regions.at(len(intensity.times) // 2), looks, strict=True):
        if mask.any() and not mask.all():
            anatomy.contour(mask.astype(float), levels=[0.5], linewidths=0.9, colors=[color], linestyles=[style])
    anatomy.set_axis_off()
    upper = figure.add_subplot(grid[0, 1])
    lower = figure.add_subplot(grid[1, 1], sharex=upper)
    for index, (name, (color, style)) in enumerate(zip(intensity.names, looks, strict=True)):
        upper.plot(intensity.times, intensity.values[:, index], ".", markersize=1.2, color=color, alpha=0.5)
        upper.plot(intensity.times, intensity.smooth[:, index], color=color, linestyle=style, label=name)
        lower.plot(intensity.times, intensity.velocity[:, index], color=color, linestyle=style)
    upper.set_ylabel("intensity")
    upper.tick_params(labelbottom=False)
    lower.axhline(0.0, color="0.4", linewidth=0.5)
    lower.set_ylabel("velocity (1/s)")
    lower.set_xlabel("time (s)")
    legend = figure.legend(loc="outside lower center", ncols=legend_columns, title=intensity.smoothing)
    legend.get_title().set_fontsize(7.0)
