"""Colors over frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.map_folder.sequence import MapSequence
from rtmri2speech.drawing.overlay import Display, MapStyle
from rtmri2speech.reporting.video.map_layers import TINTS, ColorOverlay, blend


def rgba(*color: float) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.float32), (2, 2, 4))


def test_one_color_covers_as_much_as_its_opacity() -> None:
    gray = np.full((2, 2), 100, np.uint8)
    assert (blend(gray, []) == 100).all() and (blend(gray, [rgba(1, 0, 0, 0)]) == 100).all()
    assert blend(gray, [rgba(1, 0, 0, 0.5)])[0, 0].tolist() == [178, 50, 50]
    assert blend(gray, [rgba(1, 0, 0, 1)])[0, 0].tolist() == [255, 0, 0]


def test_two_colors_mix_in_no_order() -> None:
    gray, red, blue = np.full((2, 2), 80, np.uint8), rgba(1, 0, 0, 0.7), rgba(0, 0, 1, 0.4)
    assert np.array_equal(blend(gray, [red, blue]), blend(gray, [blue, red]))
    pixel = blend(gray, [red, blue])[0, 0].astype(int)
    assert pixel[0] > pixel[2] > pixel[1] and pixel[1] == round(80 * 0.3 * 0.6)


def test_a_tint_shows_the_positive_part_only() -> None:
    values = np.zeros((1, 2, 2), np.float32)
    maps = MapSequence(Path("maps.npy"), values, np.arange(1), 1, Fraction(25), "F1", "gradcam", 1.0, "power")
    one = ColorOverlay(maps, MapStyle("classical", 1.0, "power", "", 0.7), TINTS[0])
    shown = one.rgba(np.array([[-1.0, 0.0, 0.5, 1.0, 3.0]]))
    assert shown[0, :, 3].tolist() == pytest.approx([0, 0, 0.7 * 0.5**0.7, 0.7, 0.7])
    assert len(np.unique(shown[..., :3].reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(("display", "lowest"), [("classical", "positive part"), ("signed", "-2 dB to 2 dB")])
def test_the_color_bar_says_what_full_color_is(display: Display, lowest: str) -> None:
    maps = MapSequence(Path("m.npy"), np.zeros((1, 2, 2)), np.arange(1), 1, Fraction(25), "F1", "", 4.0, "dB")
    bar = ColorOverlay(maps, MapStyle(display, 2.0, "dB", "")).color_bar(ground=0)
    assert bar.text.startswith(f"F1: {lowest}") and "2 dB" in bar.text
    brightness = bar.colors.astype(int).sum(axis=1)
    # Nothing is seen at zero, most at the ends.
    assert brightness.argmin() == (0 if display == "classical" else pytest.approx(64, abs=1))
    assert brightness[-1] > 250
