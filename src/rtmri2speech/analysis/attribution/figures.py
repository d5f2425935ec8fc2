"""Single maps drawn over the anatomy, with the scale that they are drawn in."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.arrays import Float32, Floating
from rtmri2speech.drawing.overlay import Display, MapStyle, overlay_figure
from rtmri2speech.drawing.style import Drawing

ColorScale = Literal["clip", "frame"]
"""Whether full color is the largest value of the clip or of the frame."""


def draw_mean(maps: Maps, one: BandMaps, display: Display | None = None) -> Drawing:
    """The mean map over the mean frame.

    It is scaled to itself: over a clip, maps of loud and silent frames average to little.
    """
    mean = one.mean()
    look = style_of(one, display, peak(mean), "largest of the mean")
    return overlay_figure(maps.mean_frame, mean, look, f"{maps.name}: {one.method} {one.band}, mean")


def draw_frame(
    maps: Maps, one: BandMaps, frame: int, display: Display | None = None, scale: ColorScale = "clip"
) -> Drawing:
    """The map of a frame over that frame; over the mean frame where the clip is not at hand."""
    values = one.to_pixels([frame])[0]
    if scale == "clip":
        look = style_of(one, display, one.scale, "largest of the clip")
    else:
        look = style_of(one, display, peak(values), "largest of this frame: frames cannot be compared")
    anatomy = maps.mean_frame if maps.clip is None else maps.clip.frame(frame)
    where = ", over the mean frame" if maps.clip is None else ""
    title = f"{maps.name}: {one.method} {one.band}\nframe {frame}, {maps.time(frame):.2f} s{where}"
    return overlay_figure(anatomy, values, look, title)


def draw_values(
    maps: Maps, one: BandMaps, values: Float32, display: Display | None, scale: float, note: str, title: str
) -> Drawing:
    """Any map (S, S) of the same kind, a segment's mean for example, over the mean frame."""
    look = style_of(one, display, scale, note)
    return overlay_figure(maps.mean_frame, values, look, f"{maps.name}: {one.method} {one.band}\n{title}")


def style_of(one: BandMaps, display: Display | None, scale: float, note: str) -> MapStyle:
    """How maps are shown: of gradcam the positive part, of hirescam both signs, if nothing else is given."""
    return MapStyle(display or ("classical" if one.method == "gradcam" else "signed"), scale, one.unit, note)


def peak(values: Floating) -> float:
    """Largest absolute value."""
    return float(np.abs(values).max())
