"""Figures of a widening: colored walls over a frame with their profile, and all sections over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rtmri2speech.analysis.widening.result import Widening
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.drawing.overlay import SIGNED
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title
from rtmri2speech.errors import ConfigError

# Share of the values that full color is not reached by.
_PERCENTILE = 98.0


def per_cm(widening: Widening, number: int, points: Float64 | None = None) -> Float64:
    """Hz per mm for each cm of wall, (T, 6, P), of one formant: what a point does, by the wall that is its own.

    Args:
        widening: whose contours they are.
        number: index of the formant.
        points: (T, N, 6, P), Hz per mm of points; the model's if None.
    """
    values = (widening.points if points is None else points)[:, number]
    gaps = np.hypot(*np.moveaxis(np.diff(widening.contours, axis=2), -1, 0)) * widening.pixel_mm / 10.0
    # A point at an end has half of the wall that others have.
    shares = 0.5 * (np.pad(gaps, ((0, 0), (0, 0), (1, 0))) + np.pad(gaps, ((0, 0), (0, 0), (0, 1))))
    return np.asarray(values / np.maximum(shares, 1e-6))


def scale_of(values: Float64) -> float:
    """Value of full color: what 98 % do not reach; 1 where there is nothing."""
    known = np.abs(values[np.isfinite(values)])
    return float(np.percentile(known, _PERCENTILE)) or 1.0 if len(known) else 1.0


def walls_figure(widening: Widening, frame: int, number: int) -> Drawing:
    """A frame's walls in color, and the profile of its sections next to that of the tube.

    Raises:
        ConfigError: when there is no such frame.
    """
    if not 0 <= frame < len(widening):
        raise ConfigError(f"frame {frame} of {len(widening)}, which are counted from 0.", "Name a frame that there is.")
    figure = new_drawing(9.2, 4.4)
    anatomy, profile = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
    values = per_cm(widening, number)
    scale = scale_of(values)
    draw_walls(anatomy, widening, frame, values[frame], scale, _gray(widening, frame))
    bar = figure.colorbar(anatomy.collections[-1], ax=anatomy, fraction=0.046, pad=0.02)
    bar.set_label("Hz per mm away from the airway, per cm of wall", fontsize="small")
    name, hertz = widening.names[number], widening.formants[frame, number]
    found = f"{hertz:.0f} Hz" if np.isfinite(hertz) else "not found"
    set_title(anatomy, f"{widening.name}, frame {frame}, {widening.time(frame):.2f} s\n{name}, {found}")
    draw_profile(profile, widening, frame, number)
    return figure


def _gray(widening: Widening, frame: int) -> UInt8 | None:
    return None if widening.clip is None else widening.clip.frame(frame)


def draw_walls(axes: Axes, widening: Widening, frame: int, values: Float64, scale: float, gray: UInt8 | None) -> None:
    """Contours (6, P) colored by their values, over the frame where it is at hand."""
    if gray is not None and widening.clip is not None:
        scan = widening.clip.scan
        axes.imshow(gray, cmap="gray", vmin=0, vmax=255, extent=(0, scan.width, scan.height, 0))
    else:
        axes.set_facecolor("0.25")
        axes.set_aspect("equal")
        axes.invert_yaxis()
    pieces, colors = [np.zeros((0, 2, 2))], [np.zeros(0)]
    for line, row in zip(widening.contours[frame], values, strict=True):
        middles = 0.5 * (row[:-1] + row[1:])
        known = np.isfinite(line).all() & np.isfinite(middles)
        pieces.append(np.stack([line[:-1], line[1:]], axis=1)[known])
        colors.append(middles[known])
    segments = np.concatenate(pieces)
    axes.add_collection(LineCollection(list(segments), colors="black", linewidths=4.0, capstyle="round"))
    lines = LineCollection(list(segments), cmap=SIGNED, norm=Normalize(-scale, scale), linewidths=2.6, capstyle="round")
    lines.set_array(np.concatenate(colors))
    axes.add_collection(lines)
    if gray is None:
        axes.autoscale_view()
    axes.set_xticks([])
    axes.set_yticks([])


def draw_profile(axes: Axes, widening: Widening, frame: int, number: int) -> None:
    """Hz per mm of the sections from glottis to lips, by the model and by physics with its 90 % interval."""
    sections = np.arange(widening.model.shape[2])
    bounds = widening.tube_range[frame, number]
    axes.axhline(0.0, color="0.7", linewidth=0.6)
    axes.fill_between(sections, bounds[:, 0], bounds[:, 1], color=PALETTE[0], alpha=0.15, linewidth=0.0)
    axes.plot(sections, widening.tube[frame, number], color=PALETTE[0], label="tube of the speaker")
    axes.plot(sections, widening.model[frame, number], color=PALETTE[1], label="model")
    if widening.tract_model is not None:
        axes.plot(sections, widening.tract_model[frame, number], color=PALETTE[2], label="tract model")
    axes.set_xlabel("section, glottis to lips")
    axes.set_ylabel("Hz per mm of widening")
    # Intervals of narrow sections go far.
    shown = [one for one in (widening.tube, widening.model, widening.tract_model) if one is not None]
    every = np.concatenate([one[frame, number] for one in shown])
    limit = 1.25 * float(np.nanmax(np.abs(every))) if np.isfinite(every).any() else 1.0
    axes.set_ylim(-limit, limit)
    axes.legend(frameon=False, loc="best")


def plot_sections(figure: Figure, widening: Widening) -> None:
    """Sections over time, a row per formant: the models on the left, the tube on the right, each with its own scale.

    Args:
        figure: empty.
        widening: what to draw.
    """
    answers = {"model": widening.model, "tract model": widening.tract_model, "tube": widening.tube}
    shown = {title: values for title, values in answers.items() if values is not None}
    grid = figure.subplots(len(widening.names), len(shown), sharex=True, sharey=True, squeeze=False)
    extent = (0.0, len(widening) / float(widening.frame_rate), -0.5, widening.model.shape[2] - 0.5)
    for row, name in enumerate(widening.names):
        for axes, (title, values) in zip(grid[row], shown.items(), strict=True):
            scale = scale_of(values[:, row])
            image = axes.imshow(
                values[:, row].T,
                aspect="auto",
                origin="lower",
                cmap=SIGNED,
                vmin=-scale,
                vmax=scale,
                extent=extent,
                interpolation="nearest",
            )
            axes.set_facecolor("0.85")
            figure.colorbar(image, ax=axes, pad=0.01).set_label("Hz/mm")
            axes.set_title(f"{name}, {title}")
        grid[row, 0].set_ylabel("glottis to lips")
    for axes in grid[-1]:
        axes.set_xlabel("time (s)")
