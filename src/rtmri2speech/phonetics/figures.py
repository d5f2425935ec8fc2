"""Figures of speech, drawn on a figure of any size: tracks over the spectrogram, the vowel space, mean frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

from rtmri2speech.arrays import Float32
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.drawing.fonts import drawable
from rtmri2speech.drawing.style import PALETTE
from rtmri2speech.phonetics.bark import hz_to_bark
from rtmri2speech.phonetics.spectrogram import wide_band
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.phonetics.vowels.space import VowelToken, by_label, ellipse_of

FrequencyScale = Literal["hz", "bark"]

ACROSS = 5
"""Mean frames in a row."""

# Of the spectrogram: seconds per column, and dynamic range.
_STEP, _RANGE_DB = 0.002, 70.0


def plot_tracks(figure: Figure, tracks: Tracks) -> None:
    """F1 to F4 over a wide-band spectrogram, where voiced, and F0 below."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1.0))
    if tracks.sound is not None:
        plot_spectrogram(upper, tracks.sound, tracks.ceiling)
    for number, track in enumerate(tracks.formants.T, start=1):
        shown = np.where(tracks.voiced, track, np.nan)
        upper.plot(tracks.times, shown, ".", markersize=1.6, color=PALETTE[number - 1], label=f"F{number}")
    upper.set_ylim(0.0, tracks.ceiling)
    upper.set_ylabel("frequency (Hz)")
    upper.legend(loc="upper right", ncols=4, markerscale=4.0, handletextpad=0.1, columnspacing=0.8)
    lower.plot(tracks.times, np.where(tracks.voiced, tracks.f0, np.nan), color=PALETTE[0])
    if tracks.voiced.any():
        voiced = tracks.f0[tracks.voiced]
        lower.set_ylim(0.9 * voiced.min(), 1.1 * voiced.max())
    lower.set_ylabel("F0 (Hz)")
    lower.set_xlabel("time (s)")
    lower.set_xlim(0.0, tracks.duration)


def plot_spectrogram(axes: Axes, sound: Sound, ceiling: float) -> None:
    """A wide-band spectrogram up to a ceiling, Hz; loud is dark."""
    hz, times, level = wide_band(sound.samples, sound.rate, _STEP)
    level = level[hz <= ceiling]
    extent = (times[0], times[-1], 0.0, hz[hz <= ceiling][-1])
    limits = {"vmin": level.max() - _RANGE_DB, "vmax": level.max()}
    axes.imshow(level, origin="lower", aspect="auto", cmap="gray_r", extent=extent, **limits)


def plot_vowels(figure: Figure, tokens: Sequence[VowelToken], scale: FrequencyScale, share: float, title: str) -> None:
    """The vowel space as phoneticians draw it: F1 downwards, F2 to the left, so that close front vowels are upper left.

    Every token is a point, the label stands at the vowel's mean, and an ellipse holds a share of the distribution where
    there are three tokens or more; it is computed on the scale that is drawn.

    Args:
        figure: empty.
        tokens: of any number of recordings.
        scale: ``hz`` or ``bark``.
        share: part of each vowel's distribution that its ellipse holds, between 0 and 1.
        title: stands below.
    """
    axes = figure.add_subplot()
    for index, (label, hz) in enumerate(by_label(tokens).items()):
        color = PALETTE[index % len(PALETTE)]
        values = hz if scale == "hz" else hz_to_bark(hz)
        axes.plot(values[:, 1], values[:, 0], ".", markersize=3.0, color=color, alpha=0.6)
        ellipse = ellipse_of(values, share)
        if ellipse is not None:
            outline = ellipse.outline()
            axes.plot(outline[:, 1], outline[:, 0], color=color)
        text, fonts = drawable(label)
        place = values.mean(axis=0)
        letter = axes.text(place[1], place[0], text, color=color, ha="center", va="center", parse_math=False)
        letter.set_fontproperties(FontProperties(family=fonts, size=11, weight="bold"))
        # White around the letters, which lie among the points.
        letter.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    axes.invert_xaxis()
    axes.invert_yaxis()
    unit = {"hz": "Hz", "bark": "Bark"}[scale]
    axes.set_xlabel(f"F2 ({unit})")
    axes.set_ylabel(f"F1 ({unit})")
    # Where the origin would be: at the upper right, where both axes start.
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_title(f"{title}; ellipses hold {share:.0%}", y=-0.1, fontsize=7, parse_math=False)


def plot_mean_frames(figure: Figure, means: Mapping[str, Float32], counts: Mapping[str, int]) -> None:
    """The mean frame (S, S) of each vowel, all on one gray scale from 0 to 255, with the number of frames."""
    grid = figure.subplots(-(-len(means) // ACROSS), ACROSS, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, (label, mean) in zip(grid, means.items(), strict=False):
        axes.imshow(mean, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        text, fonts = drawable(f"{label} (n = {counts[label]})")
        axes.set_title(text, fontfamily=fonts, parse_math=False)
