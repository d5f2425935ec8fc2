"""Formants of tube and sound as a figure: over time, and against each other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rtmri2speech.drawing.style import PALETTE
from rtmri2speech.phonetics.figures import plot_spectrogram
from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison
from rtmri2speech.vocal_tract.measurement.figures import legend_above

# Formants of which frames are drawn against each other.
_SHOWN = 2


def plot_comparison(figure: Figure, comparison: SoundComparison) -> None:
    """Formants of the tube (lines) and of the sound (points) over its spectrogram, and F1 and F2 against each other.

    Args:
        figure: empty.
        comparison: what was compared.
    """
    grid = figure.add_gridspec(2, _SHOWN, height_ratios=(1.0, 1.2))
    _plot_tracks(figure.add_subplot(grid[0, :]), comparison)
    for number in range(_SHOWN):
        _plot_against(figure.add_subplot(grid[1, number]), comparison, number)


def _plot_tracks(axes: Axes, comparison: SoundComparison) -> None:
    tracks = comparison.tracks
    if tracks.sound is not None:
        plot_spectrogram(axes, tracks.sound, tracks.ceiling)
    heard = np.where(comparison.voiced[:, None], comparison.sound, np.nan)
    for number, color in enumerate(PALETTE[: comparison.tube.shape[1]]):
        axes.plot(comparison.times, comparison.tube[:, number], color=color, label=f"F{number + 1}")
        axes.plot(
            comparison.times,
            heard[:, number],
            ".",
            color=color,
            markersize=5.0,
            markeredgecolor="white",
            markeredgewidth=0.5,
        )
    axes.set_ylim(0.0, tracks.ceiling)
    axes.set_xlim(0.0, tracks.duration)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("frequency (Hz)")
    axes.plot([], [], color="#606060", label="tube")
    axes.plot([], [], ".", color="#606060", label="sound")
    legend_above(axes)


def _plot_against(axes: Axes, comparison: SoundComparison, number: int) -> None:
    """A formant of the tube over that of the sound; frames that are closed or not to be trusted are hollow."""
    tube, sound, color = comparison.tube[:, number], comparison.sound[:, number], PALETTE[number]
    closed = comparison.voiced & ~comparison.open
    axes.plot(sound[closed], tube[closed], "o", color="#A0A8B0", markersize=2.5, markerfacecolor="none")
    axes.plot(sound[comparison.open], tube[comparison.open], ".", color=color, markersize=4.0)
    both = np.concatenate([one[comparison.voiced] for one in (tube, sound)])
    both = both[np.isfinite(both)]
    if len(both):
        ends = np.percentile(both, (0.5, 99.5)) * (0.93, 1.07)
        axes.plot(ends, ends, color="black", linewidth=0.6)
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
    found = comparison.open_agreement[number]
    axes.set_title(f"F{number + 1}: r {found.r:.2f}, ratio {found.ratio:.2f}", fontsize="medium")
    axes.set_xlabel("sound (Hz)")
    axes.set_ylabel("tube (Hz)")
    axes.set_aspect("equal")
