"""Maps as colours to lay over gray pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_rgb

from rtmri2speech.analysis.map_folder.sequence import MapSequence
from rtmri2speech.arrays import Float32, Floating, UInt8
from rtmri2speech.drawing.overlay import Look, colours, fade
from rtmri2speech.reporting.video.captions import Key

TINTS = ("#ff4326", "#2f7dff")
"""Colours of a first and a second map: told apart with every kind of colour blindness, purple where both are."""

_KEY_STEPS = 128
# Grey value of tissue, on which the colours of a legend are shown.
_TISSUE = 90


@dataclass(frozen=True)
class Layer:
    """Maps and their colours.

    Attributes:
        maps: the sequence.
        look: scale and opacity, and the colours where there is no tint.
        tint: one colour for the positive part, or None.
    """

    maps: MapSequence
    look: Look
    tint: str | None = None

    def rgba(self, values: Floating) -> Float32:
        """Colour and opacity of a map: (H, W) to (H, W, 4), each 0 to 1."""
        if self.tint is None:
            return colours(values, self.look).astype(np.float32)
        rgba = np.empty((*values.shape, 4), np.float32)
        rgba[..., :3] = to_rgb(self.tint)
        rgba[..., 3] = fade(np.clip(values / (self.look.scale or 1.0), 0.0, 1.0), self.look.opaque)
        return rgba

    def key(self, ground: int = _TISSUE) -> Key:
        """Its line of the legend, colours as they come out over a gray value."""
        signed = self.tint is None and self.look.display == "signed"
        steps = np.linspace(-1.0 if signed else 0.0, 1.0, _KEY_STEPS)[None] * (self.look.scale or 1.0)
        size = f"{self.look.scale:.3g} {self.maps.unit}".strip()
        what = f"-{size} to {size}" if signed else f"positive part, full colour = {size}"
        return Key(mix(np.full(steps.shape, ground, np.uint8), [self.rgba(steps)])[0], f"{self.maps.name}: {what}")


def mix(picture: UInt8, layers: Sequence[Float32]) -> UInt8:
    """Lay colours over a gray picture, in no order: where two lie, their hue is the mean weighted by opacity.

    Args:
        picture: (H, W).
        layers: RGBA, (H, W, 4) each, 0 to 1.

    Returns:
        (H, W, 3).
    """
    seen, weight = np.ones((*picture.shape, 1), np.float32), np.full((*picture.shape, 1), 1e-12, np.float32)
    tinted = np.zeros((*picture.shape, 3), np.float32)
    for rgba in layers:
        opacity = rgba[..., 3:]
        seen *= 1.0 - opacity
        weight += opacity
        tinted += opacity * rgba[..., :3]
    tinted *= np.float32(255.0) * (1.0 - seen) / weight
    tinted += picture[..., None] * seen
    return np.rint(tinted, out=tinted).astype(np.uint8)
