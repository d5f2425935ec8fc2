from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.drawn_tubes import CENTER, LENGTH, LIP, RADIUS, bent_tube

from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.geometry.grid import lay_grid, settled_grid
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS, Sections, cut_sections, filled
from rtmri2speech.vocal_tract.geometry.walls import find_walls

RATE = Fraction(25)


def measured(*frames: np.ndarray, seconds: float = 0.0) -> Sections:
    grid = lay_grid(np.mean(frames, axis=0))
    assert grid is not None
    grid = settled_grid(grid, list(find_walls(frames, grid).center))
    return cut_sections(find_walls(frames, grid), grid, RATE, seconds)


def test_a_bent_tube_has_its_width_its_radius_and_its_length() -> None:
    found = measured(bent_tube(12.0))
    # Sections within the quarter circle, and well off the ends.
    assert found.distance[0, 4:36, 1] == pytest.approx(12.0, abs=0.35)
    radii = np.hypot(*(found.midline[0] - CENTER).T)
    assert radii[18:24] == pytest.approx(RADIUS, abs=0.6)
    # The tract ends between the lips, and begins above the floor of the larynx.
    assert LENGTH - LIP - 6.0 < found.length[0] < LENGTH
    steps = np.hypot(*np.diff(found.midline[0], axis=0).T)
    assert steps == pytest.approx(steps.mean(), rel=0.02)
    assert not found.closed.any()


def test_a_wider_tube_is_wider_by_a_fraction_of_a_pixel() -> None:
    widths = [np.median(measured(bent_tube(width)).distance[0, 6:34, 1]) for width in (10.0, 10.3, 10.8)]
    assert np.diff(widths) == pytest.approx([0.3, 0.5], abs=0.08)


def test_a_shift_by_a_fraction_of_a_pixel_is_found() -> None:
    one, other = measured(bent_tube(12.0)), measured(bent_tube(12.0, shift=(0.4, -0.3)))
    moved = (other.midline - one.midline)[0]
    # Across the upright and the level part; along the midline, points may slide.
    assert np.median(moved[4:9, 0]) == pytest.approx(0.4, abs=0.12)
    assert np.median(moved[31:36, 1]) == pytest.approx(-0.3, abs=0.12)
    assert other.distance[0, 6:34, 1] == pytest.approx(one.distance[0, 6:34, 1], abs=0.4)


def test_a_closure_is_kept_and_does_not_move_the_midline() -> None:
    frames = [bent_tube(10.0), bent_tube(10.0, closed=(100.0, 112.0)), bent_tube(10.0)]
    found = measured(*frames)
    assert not found.closed[[0, 2]].any()
    shut = np.flatnonzero(found.closed[1])
    assert 2 <= len(shut) <= 6
    assert np.array_equal(shut, np.arange(shut[0], shut[-1] + 1))
    # Where it lies: the glottis is some 3 pixels above the floor.
    middle = (shut.mean() + 0.5) / SECTIONS * found.length[1]
    assert middle == pytest.approx(106.0 - 3.0, abs=4.0)
    assert (found.distance[1, shut, 1] == 0.0).all()
    assert np.abs(np.diff(found.midline, axis=0)).max() < 1.5


@pytest.mark.parametrize(("share", "width"), [(0.4, 0.4), (0.1, 0.0)])
def test_a_gap_narrower_than_a_pixel_is_as_wide_as_the_air_in_it(share: float, width: float) -> None:
    narrow = bent_tube(1.0)
    narrow[list(CLASSES).index("airway")] *= share
    found = measured(bent_tube(10.0), narrow, bent_tube(10.0))
    assert np.median(found.distance[1, 6:34, 1]) == pytest.approx(width, abs=0.08)
    assert found.closed[1, 6:34].all() == (width == 0.0)
    assert not found.closed[[0, 2]].any()


def test_a_face_to_the_right_is_measured_alike() -> None:
    frame = bent_tube(12.0)
    left, right = measured(frame), measured(np.ascontiguousarray(frame[:, :, ::-1]))
    assert right.distance == pytest.approx(left.distance, abs=0.2)
    assert right.midline[..., 0] == pytest.approx(frame.shape[2] - left.midline[..., 0], abs=0.2)


def test_smoothing_does_not_lag() -> None:
    frames = [bent_tube(10.0)] * 4 + [bent_tube(14.0)] + [bent_tube(10.0)] * 4
    found = measured(*frames, seconds=0.05)
    # Distances stay with their frame, and the midline is the same forwards and backwards.
    assert found.distance[:, 20, 1].argmax() == 4
    assert found.midline == pytest.approx(found.midline[::-1], abs=1e-9)


def test_frames_without_lips_have_no_sections() -> None:
    frame = bent_tube(12.0)
    bare = frame.copy()
    bare[2:4] = 0.0
    assert lay_grid(bare) is None
    found = measured(*[frame] * 30, *[bare] * 30)
    assert np.isfinite(found.length[:20]).all()
    assert np.isnan(found.length[-20:]).all()
    assert np.isnan(found.midline[-20:]).all()


def test_short_gaps_are_filled_and_long_ones_are_not() -> None:
    values = np.array([1.0, np.nan, 3.0, np.nan, np.nan, np.nan, np.nan, np.nan, 9.0])
    assert filled(values, 2) == pytest.approx([1, 2, 3, 4, np.nan, np.nan, np.nan, 8, 9], nan_ok=True)
