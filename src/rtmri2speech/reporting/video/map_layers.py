"""Attribution maps as colors laid over gray frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_rgb

from rtmri2speech.analysis.map_folder.sequence import MapSequence
from rtmri2speech.arrays import Float32, Floating, UInt8
from rtmri2speech.drawing.overlay import MapStyle, colors, fade
from rtmri2speech.reporting.video.captions import ColorBar

TINTS = ("#ff4326", "#2f7dff")
"""Colors of a first and a second map: distinct with every kind of color blindness, purple where both are large."""

_BAR_STEPS = 128
# Gray value of tissue, on which the colors of a legend are shown.
_TISSUE = 90


@dataclass(frozen=True)
class ColorOverlay:
    """A sequence of maps and the colors it is drawn in.

    Attributes:
        maps: the sequence.
        style: scale and opacity, and the color map where there is no tint.
        tint: a single color for the positive part, or None.
    """

    maps: MapSequence
    style: MapStyle
    tint: str | None = None

    def rgba(self, values: Floating) -> Float32:
        """Color and opacity of a map: (H, W) to (H, W, 4), each 0 to 1."""
        if self.tint is None:
            return colors(values, self.style).astype(np.float32)
        rgba = np.empty((*values.shape, 4), np.float32)
        rgba[..., :3] = to_rgb(self.tint)
        rgba[..., 3] = fade(np.clip(values / (self.style.scale or 1.0), 0.0, 1.0), self.style.opacity)
        return rgba

    def color_bar(self, ground: int = _TISSUE) -> ColorBar:
        """Its line of the legend, colors as they look over a gray value."""
        signed = self.tint is None and self.style.display == "signed"
        steps = np.linspace(-1.0 if signed else 0.0, 1.0, _BAR_STEPS)[None] * (self.style.scale or 1.0)
        size = f"{self.style.scale:.3g} {self.maps.unit}".strip()
        what = f"-{size} to {size}" if signed else f"positive part, full color = {size}"
        shown = blend(np.full(steps.shape, ground, np.uint8), [self.rgba(steps)])[0]
        return ColorBar(shown, f"{self.maps.name}: {what}")


def blend(frame: UInt8, overlays: Sequence[Float32]) -> UInt8:
    """Lay colors over a gray frame, in no order: where two overlap, the hue is the mean weighted by opacity.

    Args:
        frame: (H, W).
        overlays: RGBA, (H, W, 4) each, 0 to 1.

    Returns:
        (H, W, 3).
    """
    visible, weight = np.ones((*frame.shape, 1), np.float32), np.full((*frame.shape, 1), 1e-12, np.float32)
    tinted = np.zeros((*frame.shape, 3), np.float32)
    for rgba in overlays:
        opacity = rgba[..., 3:]
        visible *= 1.0 - opacity
        weight += opacity
        tinted += opacity * rgba[..., :3]
    tinted *= np.float32(255.0) * (1.0 - visible) / weight
    tinted += frame[..., None] * visible
    return np.rint(tinted, out=tinted).astype(np.uint8)
