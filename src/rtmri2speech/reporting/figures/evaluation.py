"""The figure sheet of an evaluation: errors by frequency, vowels, confusions and the spread of the measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing
from rtmri2speech.evaluation.scoring import RECORDED
from rtmri2speech.evaluation.summary import Group, Token
from rtmri2speech.evaluation.vowel_identification import NOTHING, confusion
from rtmri2speech.phonetics.vowel_space import ellipse_of
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.losses import band_slices

Floats = NDArray[np.float64]

# Okabe & Ito's colours, which people with any colour vision tell apart; line styles and markers say the same.
_COLOURS = {"model": "#D55E00", "ceiling": "#0072B2", "floor": "#666666"}
_LINES = {"model": "-", "ceiling": "--", "floor": ":"}
_NAMES = {"model": "model", "ceiling": "copy synthesis", "floor": "mean mel"}
_VOWEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Two columns of a journal page, inches.
_SIZE = (7.1, 6.6)
_DPI = 300
_TICKS_HZ = (100, 300, 500, 1000, 2000, 3000, 5000)
_SPREADS = (
    ("mel_mae_db", "mel error (dB)"),
    ("mcd_db", "MCD (dB)"),
    ("stoi", "STOI"),
    ("f0_rmse_cents", "F0 RMSE (cents)"),
)
_MOST_VOWELS = 7
# Of a Gaussian in the plane, within its ellipse.
_ELLIPSE = 0.68
# Of fewer points one outlier makes the ellipse.
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
    "pdf.fonttype": 42,
}


def draw_sheet(out: Path, group: Group, features: FeatureConfig) -> list[Path]:
    """Draw ``figure_NAME.pdf`` and ``figure_NAME.png`` of a group of speakers, 180 mm wide.

    Args:
        out: folder to write to.
        group: the utterances.
        features: their mel definition.

    Raises:
        UserError: when a file cannot be written.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        counts = {"speaker": len(group.speakers), "utterance": len(group.scored), "vowel": len(group.tokens)}
        said = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in counts.items())
        figure.suptitle(f"{group.name.capitalize()} speakers: {said}", fontsize=9)
        top, bottom = np.ravel(np.array(figure.subfigures(2, 1, height_ratios=(1.0, 1.05)), dtype=object))
        left, right = top.subplots(1, 2)
        _draw_errors(left, group, features)
        _draw_plane(right, group.tokens)
        under = bottom.subfigures(1, 2, width_ratios=(1.0, 1.15))
        _draw_confusion(under[0].subplots(), group.tokens)
        _draw_spreads(under[1], group)
        paths = [out / f"figure_{group.name}.{kind}" for kind in ("pdf", "png")]
        for path in paths:
            with replacing(path) as file:
                # Equal figures shall be equal files.
                stamp = {"CreationDate": None} if path.suffix == ".pdf" else {}
                figure.savefig(file, format=path.suffix[1:], dpi=_DPI, metadata=stamp)
    return paths


def _draw_errors(axes: Any, group: Group, features: FeatureConfig) -> None:
    """Mean absolute error of each mel bin, with the bands of the acoustic loss."""
    centres = features.mel_centers()
    bins = np.arange(len(centres))
    for name in ("floor", "model", "ceiling"):
        axes.plot(bins, group.by_bin[name], _LINES[name], color=_COLOURS[name], label=_NAMES[name], linewidth=1.3)
    bands = band_slices(len(centres))
    for index, (name, band) in enumerate(bands.items()):
        if index % 2 == 0:
            axes.axvspan(band.start - 0.5, band.stop - 0.5, color="0.94", linewidth=0, zorder=0)
        middle = (band.start + band.stop - 1) / 2.0
        axes.text(middle, 0.99, name, transform=axes.get_xaxis_transform(), ha="center", va="top", color="0.35")
    ticks = [hz for hz in _TICKS_HZ if centres[0] <= hz <= centres[-1]]
    axes.set_xticks(np.interp(ticks, centres, bins), [f"{hz:,}".replace(",", " ") for hz in ticks])
    axes.set_xlim(-0.5, len(centres) - 0.5)
    axes.set_ylim(0, 1.32 * max(float(np.max(values)) for values in group.by_bin.values()))
    axes.set_xlabel("frequency of the mel bin (Hz)")
    axes.set_ylabel("mean absolute error (dB)")
    axes.set_title("a  Mel spectrogram", loc="left")
    axes.legend(
        frameon=False, loc="upper right", bbox_to_anchor=(1.0, 0.93), ncols=3, columnspacing=1.0, handlelength=2
    )


def _draw_plane(axes: Any, tokens: list[Token]) -> None:
    """F1 over F2 as phoneticians draw it: recorded vowels as solid ellipses, the model's as dashed ones."""
    axes.set_title("b  Vowels", loc="left")
    if not tokens:
        _say_nothing(axes)
        return
    points = {sound: _aligned(tokens, sound) for sound in (RECORDED, "model")}
    labels = np.array([token.vowel.label for token in tokens])
    names, counts = np.unique(labels, return_counts=True)
    shown = sorted(names[np.argsort(-counts, kind="stable")][:_MOST_VOWELS])
    for name, colour in zip(shown, _VOWEL_COLOURS, strict=False):
        for sound, style, marker in ((RECORDED, "-", "o"), ("model", "--", "x")):
            own = points[sound][labels == name]
            own = own[np.isfinite(own).all(axis=1)]
            if not len(own):
                continue
            face = {"facecolors": "none"} if marker == "o" else {}
            axes.scatter(
                np.exp(own[:, 1]), np.exp(own[:, 0]), s=5, marker=marker, linewidths=0.4, alpha=0.45,
                **({"edgecolors": colour} | face if marker == "o" else {"color": colour}),
            )  # fmt: skip
            ellipse = ellipse_of(own, _ELLIPSE) if len(own) >= _LEAST_POINTS else None
            if ellipse is not None:
                f1, f2 = np.exp(ellipse.outline()).T
                axes.plot(f2, f1, style, color=colour, linewidth=1.1)
            if sound == RECORDED:
                centre = np.exp(np.median(own, axis=0))
                axes.annotate(
                    name, (centre[1], centre[0]), ha="center", va="center", fontsize=9, fontweight="bold", color=colour,
                    bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
                )  # fmt: skip
    everything = np.concatenate(list(points.values()))
    everything = everything[np.isfinite(everything).all(axis=1)]
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis, column, limits in ((axes.yaxis, 0, axes.set_ylim), (axes.xaxis, 1, axes.set_xlim)):
        low, high = np.exp(np.percentile(everything[:, column], (0.5, 99.5)) + np.array([-0.12, 0.12]))
        limits(high, low)
        ticks = [hz for hz in (200, 300, 400, 500, 700, 1000, 1500, 2000, 2500, 3000) if low <= hz <= high]
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter("{x:.0f}")
    many = len({token.scored.speaker for token in tokens}) > 1
    axes.set_xlabel("F2 (Hz, speakers aligned)" if many else "F2 (Hz)")
    axes.set_ylabel("F1 (Hz, speakers aligned)" if many else "F1 (Hz)")
    axes.plot([], [], "-", color="0.3", marker="o", markersize=3, markerfacecolor="none", label="recorded")
    axes.plot([], [], "--", color="0.3", marker="x", markersize=3, label="model")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=2, handlelength=3)


def _aligned(tokens: list[Token], sound: str) -> Floats:
    """ln F1 and ln F2 of each vowel, (V, 2), speakers shifted to their common mean (Nearey 1978)."""
    points = np.log(np.array([token.vowel.formants[sound] for token in tokens], np.float64).reshape(-1, 2))
    recorded = np.log(np.array([token.vowel.formants[RECORDED] for token in tokens], np.float64).reshape(-1, 2))
    speakers = np.array([token.scored.speaker for token in tokens])
    common = recorded.mean()
    for speaker in set(speakers.tolist()):
        own = speakers == speaker
        points[own] += common - recorded[own].mean()
    return points


def _draw_confusion(axes: Any, tokens: list[Token]) -> None:
    compared = [token for token in tokens if token.identified]
    axes.set_title("c  Vowel said and identified", loc="left")
    if not compared:
        _say_nothing(axes)
        return
    rows, columns, counts = confusion(
        [token.vowel.label for token in compared], [token.identified["model"] for token in compared]
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


def _draw_spreads(figure: Any, group: Group) -> None:
    """Each measure's values by utterance: boxes of quartiles, whiskers to 1.5 times their range, and the points."""
    figure.suptitle("d  Utterances", x=0.02, ha="left", fontsize=8)
    rng = np.random.default_rng(0)
    order = ("floor", "model", "ceiling")
    for axes, (measure, title) in zip(figure.subplots(2, 2).ravel(), _SPREADS, strict=True):
        found = []
        for name in order:
            values = np.array([item.measures[name].get(measure, np.nan) for item in group.scored], np.float64)
            found.append(values[np.isfinite(values)])
        axes.set_title(title, fontsize=7.5)
        if not any(len(values) for values in found):
            _say_nothing(axes)
            continue
        for place, (name, values) in enumerate(zip(order, found, strict=True)):
            if not len(values):
                continue
            axes.boxplot(
                values, positions=[place], widths=0.55, showfliers=False,
                medianprops={"color": _COLOURS[name], "linewidth": 1.6},
                boxprops={"color": _COLOURS[name]}, whiskerprops={"color": _COLOURS[name]},
                capprops={"color": _COLOURS[name]},
            )  # fmt: skip
            some = values if len(values) <= 200 else rng.choice(values, 200, replace=False)
            axes.scatter(
                place + rng.uniform(-0.2, 0.2, len(some)), some, s=4, color=_COLOURS[name], alpha=0.4, linewidths=0
            )
        axes.set_xticks(range(len(order)), ["mean\nmel", "model", "copy\nsynthesis"])
        axes.set_xlim(-0.6, len(order) - 0.4)
        if all(np.min(values, initial=0.0) >= 0 for values in found):
            axes.set_ylim(0, 1.08 * max(float(np.max(values, initial=0.0)) for values in found) or 1.0)


def _say_nothing(axes: Any) -> None:
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color="0.4")
    axes.set_xticks([])
    axes.set_yticks([])
