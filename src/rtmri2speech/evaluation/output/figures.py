"""The figure sheet of an evaluation: errors by frequency, vowels, confusions and the spread of the measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from rtmri2speech.arrays import Float64
from rtmri2speech.drawing.style import PALETTE
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.evaluation.summary import Group
from rtmri2speech.evaluation.vowel_identification import NOTHING, IdentifiedVowel, confusion
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.phonetics.vowels.space import ellipse_of
from rtmri2speech.signal.features import FeatureConfig

# Line styles and markers say the same as the colors.
_COLORS = {"model": PALETTE[1], "ceiling": PALETTE[0], "floor": "#666666"}
_LINES = {"model": "-", "ceiling": "--", "floor": ":"}
_NAMES = {"model": "model", "ceiling": "copy synthesis", "floor": "mean mel"}
_TICKS_HZ = (100, 300, 500, 1000, 2000, 3000, 5000)
_SPREADS = (
    ("mel_mae_db", "mel error (dB)"),
    ("mcd_db", "MCD (dB)"),
    ("stoi", "STOI"),
    ("f0_rmse_cents", "F0 RMSE (cents)"),
)
# As many as colors told apart by everybody.
_MOST_VOWELS = 7
# Share of a Gaussian in the plane that its ellipse holds.
_ELLIPSE = 0.68
# With fewer points a single outlier determines the ellipse.
_LEAST_POINTS = 6

_STYLE: dict[Any, Any] = {
    "font.size": 7.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_sheet(figure: Figure, group: Group, features: FeatureConfig) -> None:
    """Four panels on a group of speakers, for a figure of about 174 x 168 mm.

    Args:
        figure: empty.
        group: the utterances.
        features: their mel definition.
    """
    with mpl.rc_context(_STYLE):
        counts = {"speaker": len(group.speakers), "utterance": len(group.utterances), "vowel": len(group.vowels)}
        shown = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in counts.items())
        figure.suptitle(f"{group.name.capitalize()} speakers: {shown}", fontsize=9)
        top, bottom = np.ravel(np.array(figure.subfigures(2, 1, height_ratios=(1.0, 1.05)), dtype=object))
        left, right = top.subplots(1, 2)
        _plot_errors(left, group, features)
        _plot_plane(right, group.vowels)
        under = bottom.subfigures(1, 2, width_ratios=(1.0, 1.15))
        _plot_confusion(under[0].subplots(), group.vowels)
        _plot_spreads(under[1], group)


def _plot_errors(axes: Axes, group: Group, features: FeatureConfig) -> None:
    """Mean absolute error of each mel bin, with the bands of the acoustic loss."""
    centers = features.mel_centers()
    bins = np.arange(len(centers))
    for name in ("floor", "model", "ceiling"):
        axes.plot(bins, group.by_bin[name], _LINES[name], color=_COLORS[name], label=_NAMES[name], linewidth=1.3)
    bands = band_slices(len(centers))
    for index, (name, band) in enumerate(bands.items()):
        if index % 2 == 0:
            axes.axvspan(band.start - 0.5, band.stop - 0.5, color="0.94", linewidth=0, zorder=0)
        middle = (band.start + band.stop - 1) / 2.0
        axes.text(middle, 0.99, name, transform=axes.get_xaxis_transform(), ha="center", va="top", color="0.35")
    ticks = [hz for hz in _TICKS_HZ if centers[0] <= hz <= centers[-1]]
    axes.set_xticks(np.interp(ticks, centers, bins), [f"{hz:,}".replace(",", " ") for hz in ticks])
    axes.set_xlim(-0.5, len(centers) - 0.5)
    axes.set_ylim(0, 1.32 * max(float(np.max(values)) for values in group.by_bin.values()))
    axes.set_xlabel("frequency of the mel bin (Hz)")
    axes.set_ylabel("mean absolute error (dB)")
    axes.set_title("a  Mel spectrogram", loc="left")
    axes.legend(
        frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.93), ncols=3, columnspacing=1.0, handlelength=2
    )


def _plot_plane(axes: Axes, vowels: Sequence[IdentifiedVowel]) -> None:
    """F1 over F2 as phoneticians draw it: recorded vowels as solid ellipses, the model's as dashed ones."""
    axes.set_title("b  Vowels", loc="left")
    if not vowels:
        _plot_nothing(axes)
        return
    points = {sound: _aligned(vowels, sound) for sound in (RECORDED, "model")}
    labels = np.array([one.vowel.label for one in vowels])
    names, counts = np.unique(labels, return_counts=True)
    shown = sorted(names[np.argsort(-counts, kind="stable")][:_MOST_VOWELS])
    for name, color in zip(shown, PALETTE, strict=False):
        own = {sound: _known(values[labels == name]) for sound, values in points.items()}
        _plot_vowel(axes, own[RECORDED], color, "-", {"marker": "o", "facecolors": "none", "edgecolors": color})
        if len(own[RECORDED]):
            _plot_label(axes, str(name), np.exp(np.median(own[RECORDED], axis=0)), color)
        _plot_vowel(axes, own["model"], color, "--", {"marker": "x", "color": color})
    _plot_vowel_axes(axes, _known(np.concatenate(list(points.values()))))
    many = len({one.utterance.speaker for one in vowels}) > 1
    axes.set_xlabel("F2 (Hz, speakers aligned)" if many else "F2 (Hz)")
    axes.set_ylabel("F1 (Hz, speakers aligned)" if many else "F1 (Hz)")
    axes.plot([], [], "-", color="0.3", marker="o", markersize=3, markerfacecolor="none", label="recorded")
    axes.plot([], [], "--", color="0.3", marker="x", markersize=3, label="model")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=2, handlelength=3)


def _known(points: Float64) -> Float64:
    return points[np.isfinite(points).all(axis=1)]


def _plot_vowel(axes: Axes, points: Float64, color: str, line: str, marker: dict[str, Any]) -> None:
    """The tokens of a vowel, ln F1 and ln F2 (K, 2), and their ellipse."""
    if not len(points):
        return
    axes.scatter(np.exp(points[:, 1]), np.exp(points[:, 0]), s=5, linewidths=0.4, alpha=0.45, **marker)
    ellipse = ellipse_of(points, _ELLIPSE) if len(points) >= _LEAST_POINTS else None
    if ellipse is not None:
        f1, f2 = np.exp(ellipse.outline()).T
        axes.plot(f2, f1, line, color=color, linewidth=1.1)


def _plot_label(axes: Axes, name: str, center: Float64, color: str) -> None:
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    letter = axes.annotate(name, (center[1], center[0]), ha="center", va="center", color=color, bbox=box)
    letter.set(fontsize=9, fontweight="bold")


def _plot_vowel_axes(axes: Axes, points: Float64) -> None:
    """Logarithmic axes that run backwards, as far as the points (K, 2), ln F1 and ln F2, need."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis, column, limits in ((axes.yaxis, 0, axes.set_ylim), (axes.xaxis, 1, axes.set_xlim)):
        low, high = np.exp(np.percentile(points[:, column], (0.5, 99.5)) + np.array([-0.12, 0.12]))
        limits(high, low)
        ticks = [hz for hz in (200, 300, 400, 500, 700, 1000, 1500, 2000, 2500, 3000) if low <= hz <= high]
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:.0f}")


def _aligned(vowels: Sequence[IdentifiedVowel], sound: str) -> Float64:
    """ln F1 and ln F2 of each vowel, (V, 2), speakers shifted to their common mean (Nearey 1978)."""
    points = np.log(np.array([one.vowel.formants[sound] for one in vowels], np.float64).reshape(-1, 2))
    recorded = np.log(np.array([one.vowel.formants[RECORDED] for one in vowels], np.float64).reshape(-1, 2))
    speakers = np.array([one.utterance.speaker for one in vowels])
    common = recorded.mean()
    for speaker in set(speakers.tolist()):
        own = speakers == speaker
        points[own] += common - recorded[own].mean()
    return points


def _plot_confusion(axes: Axes, vowels: Sequence[IdentifiedVowel]) -> None:
    compared = [one for one in vowels if one.identified]
    axes.set_title("c  Vowel said and identified", loc="left")
    if not compared:
        _plot_nothing(axes)
        return
    rows, columns, counts = confusion(
        [one.vowel.label for one in compared], [one.identified["model"] for one in compared]
    )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="equal")
    small = max(3.5, min(7.0, 42.0 / max(len(columns), 1)))
    for row, column in np.ndindex(*counts.shape):
        dark = shares[row, column] < 0.55
        text = str(counts[row, column]) if counts[row, column] else ""
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=small)
    axes.set_xticks(range(len(columns)), ["none" if name == NOTHING else name for name in columns])
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("identified in the model's speech")
    axes.set_ylabel("said")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.8, pad=0.03)
    bar.set_label("share of the vowels said")
    bar.outline.set_visible(False)


def _plot_spreads(figure: Any, group: Group) -> None:
    """Each measure's values by utterance: boxes of quartiles, whiskers to 1.5 times their range, and the points."""
    figure.suptitle("d  Utterances", x=0.02, ha="left", fontsize=8)
    rng = np.random.default_rng(0)
    order = ("floor", "model", "ceiling")
    for axes, (measure, title) in zip(figure.subplots(2, 2).ravel(), _SPREADS, strict=True):
        found = []
        for name in order:
            values = np.array([item.measures[name].get(measure, np.nan) for item in group.utterances], np.float64)
            found.append(values[np.isfinite(values)])
        axes.set_title(title, fontsize=7.5)
        if not any(len(values) for values in found):
            _plot_nothing(axes)
            continue
        for place, (name, values) in enumerate(zip(order, found, strict=True)):
            if not len(values):
                continue
            color = {"color": _COLORS[name]}
            styles = {"boxprops": color, "whiskerprops": color, "capprops": color}
            median = {**color, "linewidth": 1.6}
            axes.boxplot(values, positions=[place], widths=0.55, showfliers=False, medianprops=median, **styles)
            some = values if len(values) <= 200 else rng.choice(values, 200, replace=False)
            spread = place + rng.uniform(-0.2, 0.2, len(some))
            axes.scatter(spread, some, s=4, alpha=0.4, linewidths=0, **color)
        axes.set_xticks(range(len(order)), ["mean\nmel", "model", "copy\nsynthesis"])
        axes.set_xlim(-0.6, len(order) - 0.4)
        if all(np.min(values, initial=0.0) >= 0 for values in found):
            axes.set_ylim(0, 1.08 * max(float(np.max(values, initial=0.0)) for values in found) or 1.0)


def _plot_nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color="0.4")
    axes.set_xticks([])
    axes.set_yticks([])
