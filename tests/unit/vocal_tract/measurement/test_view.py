"""What of a tract lies within the frames."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.measurement.sources import FrameSource
from rtmri2speech.vocal_tract.measurement.view import View, contours_there, is_lost, shows_larynx, view_of

INSIDE = slice(0, 100), slice(0, 120)


def ways(glottis: tuple[float, float], lips: tuple[float, float]) -> np.ndarray:
    """Midlines (3, 41, 2) that run straight."""
    return np.tile(np.linspace(glottis, lips, 41), (3, 1, 1))


def contours(lips: float) -> np.ndarray:
    """A roof of 40 pixels, and lips whose foremost point is so far from the left edge."""
    points = np.full((3, len(CONTOURS), 9, 2), np.nan)
    points[:, CONTOURS.index("palate_and_velum")] = np.stack([np.linspace(70, 30, 9), np.full(9, 40.0)], axis=-1)
    for name in ("upper_lip", "lower_lip"):
        points[:, CONTOURS.index(name)] = np.stack([np.linspace(lips + 6, lips, 9), np.full(9, 45.0)], axis=-1)
    return points


@pytest.mark.parametrize(
    ("glottis", "lips", "larynx", "expected"),
    [
        (30.0, 20.0, True, View()),
        # The line is some 80 pixels long.
        (5.0, 20.0, True, View(near_edge=("larynx",))),
        (2.0, 20.0, True, View(larynx=False, near_edge=("larynx",))),
        (12.0, 20.0, False, View(larynx=False)),
        (30.0, 20.0, False, View()),
        (30.0, 1.0, True, View(lips=False, near_edge=("lips",))),
    ],
)
def test_an_end_near_the_edge_is_out_of_view(glottis: float, lips: float, larynx: bool, expected: View) -> None:
    midline = ways((80.0, 100.0 - glottis), (lips, 45.0))
    assert view_of(midline, contours(lips), INSIDE, larynx) == expected


def test_without_a_midline_contours_tell() -> None:
    unknown = np.full((3, 41, 2), np.nan)
    assert view_of(unknown, contours(20.0), INSIDE, True).hidden == ()
    assert view_of(unknown, contours(1.0), INSIDE, False).hidden == ("larynx", "lips")
    gone = contours(20.0)
    gone[:2, CONTOURS.index("upper_lip")] = np.nan
    assert view_of(unknown, gone, INSIDE, True).hidden == ("lips",)
    assert not contours_there(gone)["upper_lip"] and contours_there(gone)["lower_lip"]
    assert not any(contours_there(gone[:0]).values())


def test_a_larynx_of_some_pixels_is_one() -> None:
    maps = np.zeros((11, 20, 20), np.float32)
    maps[9, 3, 3:5] = 0.9
    assert not shows_larynx(maps)
    maps[9, 4, 3] = 0.6
    assert shows_larynx(maps)


@pytest.mark.parametrize(
    ("confidence", "core", "turn", "lost"),
    [(0.1, 0.8, 0, False), (0.1, 0.3, 0, True), (0.9, 1.0, 0, False), (0.9, 1.0, 90, True)],
)
def test_what_shows_no_middle_of_a_tract_is_lost(confidence: float, core: float, turn: int, lost: bool) -> None:
    source = SimpleNamespace(turn=turn, confidence=np.full(4, confidence), core=np.full(4, core))
    assert is_lost(cast(FrameSource, source)) is lost
