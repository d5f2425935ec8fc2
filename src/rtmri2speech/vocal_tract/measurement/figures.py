"""Figures of a tract, drawn on a figure of any size: one frame, and a recording over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title
from rtmri2speech.phonetics.figures import plot_spectrogram
from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison
from rtmri2speech.vocal_tract.measurement.drawn import (
    AREA_COLOR,
    CLOSED_COLOR,
    CONTOUR_COLORS,
    MIDLINE_COLOR,
    Limits,
    cross_lines,
    limits_of,
    plane_frames,
    section_edges,
)
from rtmri2speech.vocal_tract.measurement.tract import Tract

CONSTRICTIONS = {
    "lip_aperture_mm": "lips",
    "tongue_tip_mm": "tongue tip",
    "tongue_body_mm": "tongue body",
    "pharynx_mm": "pharynx",
    "velum_mm": "velum",
}
"""Measures that are drawn over time, and their names in figures."""

# Of areas: half the value is at .7 of the colors, because constrictions are what counts.
_POWER = 0.5
_BAND = 0.25
# Width of a figure up to which a legend takes several rows, inches.
_NARROW = 5.0
# Gray values of a frame that are drawn black and white, percentiles.
_GRAYS = (1.0, 99.7)


def tract_figure(tract: Tract, frame: int, gray: GrayFrame | None = None) -> Drawing:
    """A frame with contours, midline and sections, its area function, and its point in the plane of F1 and F2.

    Args:
        tract: what was measured.
        frame: its number; from the end where it is negative.
        gray: (H, W), the frame itself; on black without it.

    Raises:
        IndexError: when there is no such frame.
    """
    figure = new_drawing(8.6, 4.4)
    plot_tract(figure, tract, frame, gray)
    return figure


def plot_tract(figure: Figure, tract: Tract, frame: int, gray: GrayFrame | None = None, across: bool = True) -> None:
    """What :func:`tract_figure` shows, on an empty figure; below each other where it is not to lie across."""
    frame = range(len(tract.length))[frame]
    limits = limits_of(tract)
    grid = (
        figure.add_gridspec(2, 2, width_ratios=(1.1, 1.0))
        if across
        else figure.add_gridspec(3, 1, height_ratios=(1.7, 1.0, 1.0))
    )
    places = (grid[:, 0], grid[0, 1], grid[1, 1]) if across else (grid[0], grid[1], grid[2])
    seen, area, plane = (figure.add_subplot(place) for place in places)
    plot_frame(seen, tract, frame, gray)
    plot_area(area, tract, frame, limits)
    plot_plane(plane, tract, frame, limits)


def plot_frame(axes: Axes, tract: Tract, frame: int, gray: GrayFrame | None) -> None:
    """Contours, midline and a line across each section; closed ones are marked."""
    contours = tract.contours.frame(frame)
    height, width = _shape(tract) if gray is None else gray.shape
    image = np.zeros((height, width), np.uint8) if gray is None else gray
    dark, bright = np.percentile(image, _GRAYS)
    axes.imshow(image, cmap="gray", vmin=dark, vmax=max(bright, dark + 1), extent=(0, width, height, 0))
    for name, points in contours.items():
        axes.plot(*points.T, color="black", linewidth=2.2, alpha=0.5)
        axes.plot(*points.T, color=CONTOUR_COLORS[name], linewidth=1.1)
    midline = tract.midline[frame]
    if np.isfinite(midline).all():
        lines, closed = cross_lines(tract)[frame], tract.closed[frame]
        axes.add_collection(LineCollection(list(lines[~closed]), colors=MIDLINE_COLOR, linewidths=0.5, alpha=0.8))
        axes.plot(*midline.T, color=MIDLINE_COLOR, linewidth=0.9)
        axes.plot(*lines[closed].mean(axis=1).T, "o", color=CLOSED_COLOR, markersize=3.0)
    axes.set_axis_off()
    set_title(axes, f"{tract.name}, frame {frame}, {tract.times[frame]:.3f} s")


def _shape(tract: Tract) -> tuple[int, int]:
    """A frame that holds all contours, (height, width), pixels."""
    points = tract.contours.points.reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    wide, high = np.ceil(points.max(axis=0) + 8).astype(int) if len(points) else (64, 64)
    return int(high), int(wide)


def plot_area(axes: Axes, tract: Tract, frame: int, limits: Limits) -> None:
    """The area function of a frame, with its 90 % band."""
    axes.set_xlim(0.0, limits.length_cm)
    axes.set_ylim(0.0, limits.area_cm2)
    axes.set_xlabel("from the glottis (cm)")
    axes.set_ylabel("area (cm²)")
    if not np.isfinite(tract.length[frame]):
        axes.text(0.5, 0.5, "no whole tract", transform=axes.transAxes, ha="center", va="center")
        return
    edges, area, closed = section_edges(tract.length[frame]), tract.area[frame], tract.closed[frame]
    low, high = tract.area_range[frame].T
    axes.stairs(high, edges, baseline=low, color=AREA_COLOR, alpha=_BAND, linewidth=0.0, fill=True)
    axes.stairs(area, edges, color=AREA_COLOR, baseline=None, linewidth=1.3)
    if closed.any():
        middles = 0.5 * (edges[1:] + edges[:-1])
        axes.plot(middles[closed], np.zeros(int(closed.sum())), "o", color=CLOSED_COLOR, markersize=4.0, clip_on=False)


def plot_plane(axes: Axes, tract: Tract, frame: int, limits: Limits) -> None:
    """F1 and F2 of a frame with their 90 % intervals among those of all frames; a closed tract's point is hollow."""
    shown = plane_frames(tract)
    axes.plot(tract.formants[shown, 1], tract.formants[shown, 0], ".", color="#9AA5B1", markersize=2.0, alpha=0.5)
    (f1, f2), (range1, range2) = tract.formants[frame, :2], tract.formant_range[frame, :2]
    if np.isfinite([f1, f2]).all():
        color = AREA_COLOR if shown[frame] else "#808890"
        axes.plot(range2, [f1, f1], color=color)
        axes.plot([f2, f2], range1, color=color)
        filled = color if shown[frame] else "white"
        axes.plot(f2, f1, "o", color=color, markerfacecolor=filled, markersize=6.0, zorder=3)
    axes.set_xlim(*limits.f2_hz[::-1])
    axes.set_ylim(*limits.f1_hz[::-1])
    axes.set_xlabel("F2 (Hz)")
    axes.set_ylabel("F1 (Hz)")


def plot_recording(figure: Figure, tract: Tract, comparison: SoundComparison | None = None) -> None:
    """A recording over time: its areas, its constrictions, and formants of the tube, over those of the sound.

    Args:
        figure: empty.
        tract: what was measured.
        comparison: with the sound, whose spectrogram and formants are then drawn.
    """
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(1.2, 1.0, 1.3))
    plot_area_image(figure, upper, tract)
    for color, (name, words) in zip(PALETTE, CONSTRICTIONS.items(), strict=False):
        middle.plot(tract.times, tract.measures[name], color=color, label=words)
    middle.set_ylim(bottom=0.0)
    middle.set_ylabel("distance (mm)")
    legend_above(middle)
    plot_formants(lower, tract, comparison)
    lower.set_xlabel("time (s)")
    lower.set_xlim(0.0, float(len(tract.length) / tract.frame_rate))


def plot_formants(axes: Axes, tract: Tract, comparison: SoundComparison | None) -> None:
    """Formants of the tube with their 90 % bands, and those of the sound as points over its spectrogram.

    Where the tract is closed, lines are faint: they are formants of the cavity behind the closure.
    """
    ceiling = 4500.0
    if comparison is not None:
        tracks = comparison.tracks
        ceiling = tracks.ceiling
        if tracks.sound is not None:
            plot_spectrogram(axes, tracks.sound, ceiling)
        heard = np.where(tracks.voiced[:, None], tracks.formants, np.nan)
        axes.plot(tracks.times, heard, ".", markersize=1.8, color="black")
    closed = tract.closed.any(axis=1)
    for number, color in enumerate(PALETTE[: tract.formants.shape[1]]):
        low, high = np.where(closed, np.nan, tract.formant_range[:, number].T)
        axes.fill_between(tract.times, low, high, color=color, alpha=_BAND, linewidth=0.0)
        axes.plot(tract.times, tract.formants[:, number], color=color, alpha=_BAND, linewidth=0.6)
        shown = np.where(closed, np.nan, tract.formants[:, number])
        axes.plot(tract.times, shown, color=color, label=f"F{number + 1}")
    if comparison is not None:
        axes.plot([], [], ".", color="black", label="sound")
    axes.set_ylim(0.0, ceiling)
    axes.set_ylabel("frequency (Hz)")
    legend_above(axes)


def legend_above(axes: Axes) -> None:
    """A legend above axes, in as many columns as there is room for."""
    width = axes.figure.get_figwidth()  # type: ignore[union-attr]
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=6 if width > _NARROW else 3,
        frameon=False,
        handlelength=1.0,
        columnspacing=1.0,
        borderpad=0.0,
        handletextpad=0.4,
    )


def plot_area_image(figure: Figure, axes: Axes, tract: Tract) -> None:
    """Areas over time, the lips at the top; closed sections are black, unknown ones gray."""
    area = np.where(tract.closed, np.nan, tract.area).T
    edge = float(len(tract.length) / tract.frame_rate)
    extent = (0.0, edge, 0.0, 100.0)
    state = np.where(tract.closed, 0.0, 0.75).T
    axes.imshow(
        state, origin="lower", aspect="auto", cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest"
    )
    image = axes.imshow(
        area,
        origin="lower",
        aspect="auto",
        cmap="viridis",
        norm=PowerNorm(_POWER, 0.0, limits_of(tract).area_cm2),
        extent=extent,
        interpolation="nearest",
    )
    axes.set_ylabel("glottis to lips (%)")
    figure.colorbar(image, ax=axes, label="area (cm²), black: closed", pad=0.01)
