"""Frames of other fields of view and pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.acquisition.grid import FrameGrid


def blob(column: float, row: float) -> np.ndarray:
    rows, columns = np.mgrid[:256, :256]
    value = 200.0 * np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2.0 * 6.0**2))
    return np.rint(value)[None].astype(np.uint8)


def test_the_scanners_own_frames_stay() -> None:
    grid = FrameGrid()
    frames = blob(90.0, 120.0)
    assert grid.is_whole and grid.pixels == 256 and grid.frames(frames) is frames


@given(st.floats(150.0, 256.0), st.floats(0.8, 3.0))
def test_frames_labels_and_points_move_together(side: float, pixel: float) -> None:
    grid = FrameGrid(side, pixel)
    assert grid.pixels % 2 == 0 and grid.pixels == pytest.approx(side / pixel, abs=1.0)
    x, y = grid.points(np.array([90.0, 130.0]))
    frame = grid.frames(blob(90.0, 130.0))[0].astype(float)
    rows, columns = np.mgrid[: grid.pixels, : grid.pixels]
    assert (frame * columns).sum() / frame.sum() == pytest.approx(x, abs=0.1)
    assert (frame * rows).sum() / frame.sum() == pytest.approx(y, abs=0.1)
    labels = grid.labels((blob(90.0, 130.0) > 100).astype(np.uint8))[0]
    assert labels.shape == frame.shape
    assert columns[labels == 1].mean() == pytest.approx(x, abs=0.5)
    assert rows[labels == 1].mean() == pytest.approx(y, abs=0.5)


def test_a_pixel_is_the_mean_over_its_area() -> None:
    stripes = np.zeros((1, 256, 256), np.uint8)
    stripes[:, :, ::2] = 200
    inner = FrameGrid(256.0, 4.0).frames(stripes)[0, 2:-2, 2:-2]
    assert np.all(np.abs(inner.astype(int) - 100) <= 1)


@pytest.mark.parametrize(
    ("side", "pixel", "named"),
    [
        (80.0, None, "field_of_view=80"),
        (300.0, None, "field_of_view=300"),
        (None, 20.0, "pixel_mm=20"),
        (None, 0.0, "pixel_mm=0"),
        (200.0, 0.1, "pixel_mm=0.1"),
    ],
)
def test_what_no_scanner_has_is_refused(side: float | None, pixel: float | None, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        FrameGrid(side, pixel)
