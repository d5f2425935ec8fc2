"""Figures of speech: tracks over the spectrogram, the vowel space, mean frames of vowels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from rtmri2speech.data.media.audio import Sound
from rtmri2speech.drawing.fonts import drawable
from rtmri2speech.drawing.style import PALETTE, WIDTH_MM, Columns, figure_files, publication, set_heading
from rtmri2speech.phonetics.bark import hz_to_bark
from rtmri2speech.phonetics.spectrogram import wide_band
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.phonetics.vowel_space import VowelToken, by_label, ellipse_of

FrequencyScale = Literal["hz", "bark"]

# Of the spectrogram: seconds a column, and dynamic range.
_STEP, _RANGE_DB = 0.002, 70.0
_HEIGHT_MM = 75.0


def draw_tracks(stem: Path, sound: Sound, tracks: Tracks, columns: Columns, title: str) -> list[Path]:
    """Draw F1 to F4 over a wide-band spectrogram, and F0 below it; formants where there is voice.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, _HEIGHT_MM) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1.0))
        _spectrogram(upper, sound, tracks.ceiling)
        for number, track in enumerate(tracks.formants.T, start=1):
            shown = np.where(tracks.voiced, track, np.nan)
            upper.plot(tracks.times, shown, ".", markersize=1.6, color=PALETTE[number - 1], label=f"F{number}")
        upper.set_ylim(0.0, tracks.ceiling)
        upper.set_ylabel("frequency (Hz)")
        upper.legend(loc="upper right", ncols=4, markerscale=4.0, handletextpad=0.1, columnspacing=0.8)
        set_heading(figure, title)
        lower.plot(tracks.times, np.where(tracks.voiced, tracks.f0, np.nan), color=PALETTE[0])
        if tracks.voiced.any():
            spoken = tracks.f0[tracks.voiced]
            lower.set_ylim(0.9 * spoken.min(), 1.1 * spoken.max())
        lower.set_ylabel("F0 (Hz)")
        lower.set_xlabel("time (s)")
        lower.set_xlim(0.0, tracks.duration)
    return figure_files(stem)


def _spectrogram(axes: Axes, sound: Sound, ceiling: float) -> None:
    hz, times, level = wide_band(sound.samples, sound.rate, _STEP)
    level = level[hz <= ceiling]
    extent = (times[0], times[-1], 0.0, hz[hz <= ceiling][-1])
    limits = {"vmin": level.max() - _RANGE_DB, "vmax": level.max()}
    axes.imshow(level, origin="lower", aspect="auto", cmap="gray_r", extent=extent, **limits)


def draw_vowels(
    stem: Path, tokens: Sequence[VowelToken], scale: FrequencyScale, share: float, columns: Columns, title: str
) -> list[Path]:
    """Draw the vowel space as phoneticians do: F1 downwards, F2 to the left, so that close front vowels are upper left.

    Every token is a point, the label stands at the vowel's mean, and an ellipse holds a share of the distribution where
    there are three tokens or more; it is computed on the scale that is drawn.

    Raises:
        UserError: when a file cannot be written.
    """
    with publication(stem, columns, 0.85 * WIDTH_MM[1] if columns == 1 else 0.65 * WIDTH_MM[2]) as figure:
        axes = figure.add_subplot()
        for index, (label, hz) in enumerate(by_label(tokens).items()):
            colour = PALETTE[index % len(PALETTE)]
            values = hz if scale == "hz" else hz_to_bark(hz)
            axes.plot(values[:, 1], values[:, 0], ".", markersize=3.0, color=colour, alpha=0.6)
            ellipse = ellipse_of(values, share)
            if ellipse is not None:
                outline = ellipse.outline()
                axes.plot(outline[:, 1], outline[:, 0], color=colour)
            text, fonts = drawable(label)
            place = values.mean(axis=0)
            letter = axes.text(place[1], place[0], text, color=colour, ha="center", va="center", parse_math=False)
            letter.set_fontproperties(FontProperties(family=fonts, size=11, weight="bold"))
            # White about the letters, which lie among the points.
            letter.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
        axes.invert_xaxis()
        axes.invert_yaxis()
        unit = {"hz": "Hz", "bark": "Bark"}[scale]
        axes.set_xlabel(f"F2 ({unit})")
        axes.set_ylabel(f"F1 ({unit})")
        # Where the origin would be: at the upper right, where both axes begin.
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.set_title(f"{title}; ellipses hold {share:.0%}", y=-0.1, fontsize=7, parse_math=False)
    return figure_files(stem)


def draw_mean_frames(stem: Path, means: dict[str, NDArray[np.float32]], counts: dict[str, int]) -> list[Path]:
    """Draw the mean frame of each vowel, all in one grey scale, with the number of frames.

    Raises:
        UserError: when a file cannot be written.
    """
    across = min(len(means), 5)
    down = -(-len(means) // across)
    side = WIDTH_MM[2] / 5.0
    with publication(stem, 2, down * (side + 6.0)) as figure:
        grid = figure.subplots(down, 5, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, (label, mean) in zip(grid, means.items(), strict=False):
            axes.imshow(mean, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            text, fonts = drawable(f"{label} (n = {counts[label]})")
            axes.set_title(text, fontfamily=fonts, parse_math=False)
    return figure_files(stem)
