"""Figures of a movement: walls before and after over a frame, and what each answer says, over time and in a frame."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rtmri2speech.analysis.movement.result import Move
from rtmri2speech.arrays import Float64
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title
from rtmri2speech.errors import ConfigError

_LABELS = {
    "model": "model",
    "tube": "tube of the speaker",
    "truth": "simulated speaker",
    "redrawn": "model, frames drawn anew",
}
_COLORS = dict(zip(_LABELS, (PALETTE[1], PALETTE[0], "black", PALETTE[2]), strict=True))
# Share of the changes that an axis shows; closures jump far.
_PERCENTILE = 98.0


def move_figure(move: Move, frame: int) -> Drawing:
    """A frame with its walls before and after, and the change of each formant by each answer.

    Raises:
        ConfigError: when there is no such frame.
    """
    if not 0 <= frame < len(move):
        raise ConfigError(f"frame {frame} of {len(move)}, which are counted from 0.", "Name a frame that there is.")
    figure = new_drawing(9.2, 4.4)
    anatomy, bars = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
    _draw_walls(anatomy, move, frame)
    moved = "" if move.moved[frame] else " (not possible here)"
    set_title(anatomy, f"{move.name}, frame {frame}, {move.time(frame):.2f} s\n{move.movement}{moved}")
    _draw_bars(bars, {name: one[frame] for name, one in _known(move).items()}, move.names)
    return figure


def plot_changes(figure: Figure, move: Move) -> None:
    """Changes over time, a row per formant.

    Args:
        figure: empty.
        move: what to draw.
    """
    rows = figure.subplots(len(move.names), 1, sharex=True, squeeze=False)[:, 0]
    times = (np.arange(len(move)) + 0.5) / float(move.frame_rate)
    answers = _known(move)
    for number, (axes, name) in enumerate(zip(rows, move.names, strict=True)):
        axes.axhline(0.0, color="0.7", linewidth=0.6)
        for one, values in answers.items():
            axes.plot(times, values[:, number], color=_COLORS[one], linewidth=1.0, label=_LABELS[one])
        axes.set_ylabel(f"{name} (Hz)")
        known = np.abs(np.concatenate([values[:, number] for values in answers.values()]))
        if np.isfinite(known).any():
            limit = 1.1 * max(float(np.nanpercentile(known, _PERCENTILE)), 1.0)
            axes.set_ylim(-limit, limit)
    rows[-1].set_xlabel("time (s)")
    figure.legend(*rows[0].get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")


def _known(move: Move) -> dict[str, Float64]:
    return {name: values for name, values in move.answers().items() if values is not None}


def _draw_walls(axes: Axes, move: Move, frame: int) -> None:
    if move.clip is not None:
        scan = move.clip.scan
        extent = (0, scan.width, scan.height, 0)
        axes.imshow(move.clip.frame(frame), cmap="gray", vmin=0, vmax=255, extent=extent)
    else:
        axes.set_aspect("equal")
        axes.invert_yaxis()
    for lines, color, label in (
        (move.contours[frame], "white", "before"),
        (move.contours_after[frame], PALETTE[1], "after"),
    ):
        for line in lines:
            if np.isfinite(line).all():
                axes.plot(*line.T, color=color, linewidth=1.0, label=label)
                label = "_"
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="lower left", framealpha=0.6, facecolor="0.5")


def _draw_bars(axes: Axes, answers: dict[str, Float64], names: tuple[str, ...]) -> None:
    width = 0.8 / len(answers)
    places = np.arange(len(names))
    for number, (name, values) in enumerate(answers.items()):
        shift = (number - 0.5 * (len(answers) - 1)) * width
        axes.bar(places + shift, np.nan_to_num(values), width, color=_COLORS[name], label=_LABELS[name])
    axes.axhline(0.0, color="0.7", linewidth=0.6)
    axes.set_xticks(places, names)
    axes.set_ylabel("change (Hz)")
    axes.legend(frameon=False, fontsize="small")
