"""Maps over frames."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.drawing.overlay import MapStyle, colors

SIGNED = MapStyle("signed", 1.0, "dB", "")
SIZE = 128


def shown(values: np.ndarray, ground: float, *, joined: bool) -> np.ndarray:
    """Luminance (S, S) of a map over an even gray."""
    rgba = colors(values, SIGNED, joined=joined)
    mixed = rgba[..., :3] * rgba[..., 3:] + ground * (1.0 - rgba[..., 3:])
    return np.asarray(mixed @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("ground", [0.0, 0.15])
def test_no_dark_line_lies_where_a_map_changes_its_sign(ground: float) -> None:
    x = np.arange(SIZE) - SIZE / 2
    values = np.tile(np.clip(x / 8.0, -1.0, 1.0), (SIZE, 1))
    line = shown(values, ground, joined=True)[SIZE // 2]
    assert line[44:84].min() >= line[[30, 100]].min() - 0.02
    assert shown(values, ground, joined=False)[SIZE // 2, 44:84].min() < line[[30, 100]].min() - 0.05


def test_elsewhere_nothing_changes() -> None:
    y, x = np.indices((SIZE, SIZE)) / SIZE - 0.5
    one_sign = np.exp(-(x**2 + y**2) / 0.02)
    np.testing.assert_array_equal(colors(one_sign, SIGNED, joined=True), colors(one_sign, SIGNED))
    assert not colors(np.zeros((SIZE, SIZE)), SIGNED, joined=True)[..., 3].any(), "zero is transparent"
