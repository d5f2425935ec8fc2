"""Constrictions of contours that are drawn as straight lines, a face to the left; pixels of 2 mm."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rtmri2speech.arrays import Float64
from rtmri2speech.data.labels import CLASSES
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES, TOUCH_MM, constrictions, velum_gap

PIXEL_MM = 2.0
# From larynx to lips; the front ends of wall and roof are the top of the throat and the ridge behind the teeth.
LINES = {
    "tongue": ((60.0, 30.0), (20.0, 10.0)),
    "palate_and_velum": ((65.0, 0.0), (20.0, 0.0)),
    "pharyngeal_wall": ((72.0, 60.0), (72.0, 0.0)),
    "upper_lip": ((15.0, 0.0), (5.0, 0.0)),
    "lower_lip": ((15.0, 9.0), (5.0, 9.0)),
}


def drawn(*frames: dict[str, tuple[tuple[float, float], tuple[float, float]]]) -> Contours:
    points = np.full((len(frames), len(CONTOURS), POINTS, 2), np.nan, np.float32)
    for frame, lines in enumerate(frames):
        for name, ends in lines.items():
            points[frame, CONTOURS.index(name)] = np.linspace(*ends, POINTS)
    return Contours(points, Fraction(25), PIXEL_MM)


def midline(glottis: float, count: int = 1) -> Float64:
    """Straight up, then straight to the front: 20 sections each."""
    up = [(66.0, y) for y in np.linspace(glottis, 5.0, 21)]
    front = [(x, 5.0) for x in np.linspace(66.0, 10.0, 21)[1:]]
    return np.array([[*up, *front]] * count)


def measured(contours: Contours, middle: Float64, port: float = 5.0) -> dict[str, float]:
    found = constrictions(contours, middle, PIXEL_MM, np.full(len(middle), port))
    assert set(found) == set(MEASURES)
    return {name: float(values[0]) for name, values in found.items()}


def test_distances_are_millimeters() -> None:
    found = measured(drawn(LINES), midline(60.0))
    assert found["lip_aperture_mm"] == pytest.approx(2.0 * 9.0)
    # The tip is nearest to the end of the roof, the body to the roof above its front end.
    assert found["tongue_tip_mm"] == pytest.approx(2.0 * 10.0, abs=0.6)
    assert found["tongue_body_mm"] == pytest.approx(2.0 * 15.0, abs=0.6)
    # The root's hindmost point and the wall.
    assert found["pharynx_mm"] == pytest.approx(2.0 * 12.0, abs=0.6)
    assert found["velum_mm"] == 5.0


def test_places_are_percent_of_the_tract() -> None:
    found = measured(drawn(LINES), midline(60.0))
    # Below the ridge the midline has gone 46 of its 56 pixels to the front.
    assert found["tongue_tip_at"] == pytest.approx(100.0 * (0.5 + 0.5 * 46.0 / 56.0), abs=1.5)
    assert 50.0 < found["tongue_body_at"] < found["tongue_tip_at"]


def test_positions_are_along_and_across_the_line_from_throat_to_ridge() -> None:
    found = measured(drawn(LINES), midline(60.0))
    assert found["lip_protrusion_mm"] == pytest.approx(2.0 * 15.0)
    assert found["jaw_mm"] == pytest.approx(2.0 * 9.0)
    mirrored = {name: ((100.0 - a[0], a[1]), (100.0 - b[0], b[1])) for name, (a, b) in LINES.items()}
    other = measured(drawn(mirrored), midline(60.0) * [-1.0, 1.0] + [100.0, 0.0])
    assert other == pytest.approx(found, abs=1e-4)


def test_the_larynx_rises_in_centimeters_about_its_mean() -> None:
    middle = np.concatenate([midline(60.0), midline(55.0), midline(50.0)])
    found = constrictions(drawn(LINES, LINES, LINES), middle, PIXEL_MM, np.zeros(3))
    assert found["larynx_cm"] == pytest.approx([-1.0, 0.0, 1.0])


def test_what_is_not_there_is_not_measured() -> None:
    without = {name: line for name, line in LINES.items() if name != "lower_lip"}
    found = measured(drawn(without), midline(60.0))
    assert np.isnan(found["lip_aperture_mm"])
    assert np.isnan(found["lip_protrusion_mm"])
    assert found["pharynx_mm"] > 0.0
    nothing = measured(drawn({}), midline(60.0) * np.nan, np.nan)
    assert all(np.isnan(value) for value in nothing.values())


def test_a_port_that_all_but_touches_is_shut() -> None:
    found = constrictions(drawn(LINES, LINES), midline(60.0, 2), PIXEL_MM, np.array([0.9 * TOUCH_MM, 2.0]))
    assert found["velum_mm"] == pytest.approx([0.0, 2.0])


def test_the_port_is_as_wide_as_the_gap_between_velum_and_wall() -> None:
    names = list(CLASSES)
    maps = np.zeros((len(names), 64, 64), np.float32)
    maps[names.index("velum"), 20:40, 10:30] = 1.0
    maps[names.index("pharyngeal_wall"), 10:60, 36:44] = 1.0
    maps[0] = 1.0 - maps.sum(axis=0)
    assert velum_gap(maps) == pytest.approx(6.0, abs=0.3)
    maps[names.index("velum")] = 0.0
    assert np.isnan(velum_gap(maps))
