"""Contours of a head made of plain shapes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from drawn_head import EPIGLOTTIS_TOP, FLOOR, PALATE, RADIUS, SIZE, TONGUE, WALL, head
from rtmri2speech.data.labels import CLASSES, Label
from rtmri2speech.vocal_tract.contours import (
    CONTOURS,
    frame_contours,
    label_probabilities,
    trace_contours,
    trace_labels,
)


def test_every_contour_lies_where_it_was_drawn() -> None:
    found = frame_contours(label_probabilities(head()))
    assert tuple(found) == CONTOURS
    tongue = found["tongue"]
    np.testing.assert_allclose(np.hypot(*(tongue - TONGUE).T), RADIUS, atol=0.45)
    assert tongue[0][1] == pytest.approx(FLOOR, abs=1.5) and tongue[0][0] > TONGUE[0], "from its root"
    assert tongue[-1].sum() == pytest.approx(TONGUE.sum() - RADIUS * np.sqrt(2), abs=0.6), "to its tip"
    palate = found["palate_and_velum"]
    np.testing.assert_allclose(np.hypot(*(palate[6:-6] - TONGUE).T), PALATE, atol=0.7)
    assert palate[0][0] > 47 and palate[-1][0] < 24
    wall = found["pharyngeal_wall"]
    np.testing.assert_allclose(wall[2:-2, 0], WALL, atol=0.3)
    assert wall[0][1] > 53 and wall[-1][1] < 28, "upwards"
    np.testing.assert_allclose(found["upper_lip"][:, 1].max(), 29.0, atol=0.3)
    np.testing.assert_allclose(found["lower_lip"][:, 1].min(), 31.0, atol=0.3)
    for lip in ("upper_lip", "lower_lip"):
        assert found[lip][0][0] == pytest.approx(18.0, abs=0.3) and found[lip][-1][0] == pytest.approx(12.0, abs=0.3)
    epiglottis = found["epiglottis"]
    assert epiglottis[:, 1].min() == pytest.approx(EPIGLOTTIS_TOP, abs=0.5)
    quarter = len(epiglottis) // 4
    assert epiglottis[quarter][0] > epiglottis[-quarter][0], "first the side of the larynx"


def test_a_face_to_the_right_is_the_mirror_image() -> None:
    left, right = (frame_contours(label_probabilities(labels)) for labels in (head(), head()[:, ::-1]))
    for name in CONTOURS:
        np.testing.assert_allclose(right[name], left[name] * (-1, 1) + (SIZE, 0), atol=1e-9)


def test_contours_of_a_video_have_points_that_can_be_followed() -> None:
    frames = [head(), np.zeros((SIZE, SIZE), np.uint8), head(3.0)]
    found = trace_labels(frames, frame_rate=Fraction(25), pixel_mm=2.9)
    assert found.points.shape == (3, len(CONTOURS), 64, 2)
    assert found.frame(1) == {} and set(found.frame(0)) == set(CONTOURS)
    np.testing.assert_allclose(found.of("tongue")[2] - found.of("tongue")[0], [[3.0, 0.0]] * 64, atol=1e-9)
    steps = np.hypot(*np.diff(found.of("tongue")[0], axis=0).T)
    assert steps.max() / np.median(steps) < 1.05


def test_a_finer_grid_gives_the_same_contours() -> None:
    fine = [label_probabilities(head(size=3 * SIZE))]
    scaled = trace_contours(fine, frame_rate=Fraction(25), scale=(1 / 3, 1 / 3), points=20)
    coarse = trace_labels([head()], frame_rate=Fraction(25))
    np.testing.assert_allclose(scaled.of("tongue")[0][[0, -1]], coarse.of("tongue")[0][[0, -1]], atol=1.0)
    np.testing.assert_allclose(np.hypot(*(scaled.of("tongue")[0] - TONGUE).T), RADIUS, atol=0.2)


def test_the_surface_of_the_tongue_goes_on_behind_a_spot_and_ends_where_the_jaw_begins() -> None:
    labels = head()
    y, x = np.indices(labels.shape)
    labels[(np.hypot(x - 34, y - 26) < 1.5)] = Label.BACKGROUND
    tongue = frame_contours(label_probabilities(labels))["tongue"]
    assert tongue[0][0] > 40 and tongue[-1][0] < 28
    assert tongue[:, 1].max() < FLOOR + 0.6


def test_probabilities_of_labels_add_up_to_one() -> None:
    probabilities = label_probabilities(head())
    assert probabilities.shape == (len(CLASSES), SIZE, SIZE)
    np.testing.assert_allclose(probabilities.sum(axis=0), 1.0, atol=0.01)
    assert list(CLASSES)[4] == "tongue" and probabilities[4, 38, 34] == pytest.approx(1.0)
