"""Attribution maps drawn over the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize

from rtmri2speech.arrays import Float64, Floating, UInt8
from rtmri2speech.drawing.style import Drawing, new_drawing, set_title

Display = Literal["classical", "signed"]
"""``classical``: the positive part, from 0 to 1. ``signed``: both signs, in the target's unit."""

SIGNED = LinearSegmentedColormap.from_list("signed", ["#2166ff", "#7fb0ff", "#ffffff", "#ffb066", "#ff6a00"])
"""Orange above 0 and blue below, told apart with every kind of color blindness."""

# From dark through gray to bright, for one sign only.
_POSITIVE = LinearSegmentedColormap.from_list("positive", ["#3b0f70", "#b5367a", "#fb8761", "#fcfdbf"])
# Opacity at the largest value: the anatomy stays visible below it.
_OPACITY = 0.8
# Exponent of the opacity below it: half the largest value is still clearly seen, what is next to nothing is not.
_FADE = 0.7
# How far around a change of sign the two sides are looked for, as a share of the frame: a cell of 16 pixels.
_REACH = 1.0 / 16.0
# Gray of tissue, which the color bar is drawn on.
_TISSUE = 0.35


@dataclass(frozen=True)
class MapStyle:
    """How maps are shown.

    Attributes:
        display: both signs, or the positive part scaled to 1.
        scale: value of full color.
        unit: of the map.
        note: what the scale is taken from.
        opacity: at the value of full color, 0 to 1.
    """

    display: Display
    scale: float
    unit: str
    note: str
    opacity: float = _OPACITY


def colors(values: Floating, style: MapStyle, *, joined: bool = False) -> Float64:
    """Color and opacity of a map: (H, W) to RGBA (H, W, 4), each 0 to 1. Zero is transparent.

    Args:
        values: the map.
        style: scale and colors.
        joined: leave no gap where a map changes its sign, through which the frame would show as a dark line.
    """
    relative = np.asarray(values, np.float64) / (style.scale or 1.0)
    if style.display == "classical":
        relative = np.clip(relative, 0.0, 1.0)
        rgba = np.asarray(_POSITIVE(relative))
    else:
        relative = np.clip(relative, -1.0, 1.0)
        rgba = np.asarray(SIGNED((relative + 1.0) / 2.0))
    rgba[..., 3] = fade(np.maximum(np.abs(relative), _between_signs(relative)) if joined else relative, style.opacity)
    return rgba


def _between_signs(relative: Float64) -> Float64:
    """How strong the two signs are around each pixel, the weaker one: 0 but where they meet."""
    from scipy.ndimage import gaussian_filter

    width = max(relative.shape) * _REACH
    either = (gaussian_filter(np.maximum(sign * relative, 0.0), width, truncate=3.0) for sign in (1.0, -1.0))
    return np.asarray(np.minimum(2.0 * np.minimum(*either), 1.0))


def fade(relative: Float64, opacity: float) -> Float64:
    """Opacity of values from -1 to 1: none at 0, ``opacity`` at 1 and at -1."""
    return np.asarray(opacity * np.abs(relative) ** _FADE)


def overlay_figure(frame: Floating | UInt8, values: Floating, style: MapStyle, title: str) -> Drawing:
    """A map (H, W) over a frame (H, W) of gray values from 0 to 255, with its color bar."""
    figure = new_drawing(5.6, 4.9)
    axes = figure.add_subplot()
    axes.imshow(frame, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.imshow(colors(values, style, joined=style.display == "signed"), interpolation="nearest")
    axes.set_axis_off()
    set_title(axes, title)
    classical = style.display == "classical"
    low, scale = (0.0, 1.0) if classical else (-(style.scale or 1.0), style.scale or 1.0)
    bar = figure.colorbar(ScalarMappable(Normalize(low, scale), _on_tissue(style)), ax=axes, fraction=0.046, pad=0.02)
    label = (
        f"positive part; 1 = {style.scale:.3g} {style.unit}" if classical else f"gradient × activation ({style.unit})"
    )
    bar.set_label(f"{label}, {style.note}", fontsize="small")
    if not classical:
        bar.formatter.set_powerlimits((-2, 3))  # type: ignore[attr-defined]
    return figure


def _on_tissue(style: MapStyle) -> Colormap:
    """The colors as they come out over the gray of tissue."""
    steps = np.linspace(0.0 if style.display == "classical" else -1.0, 1.0, 256)
    rgba = colors(steps[None] * (style.scale or 1.0), style)[0]
    mixed = rgba[:, :3] * rgba[:, 3:] + _TISSUE * (1.0 - rgba[:, 3:])
    return ListedColormap(mixed)
