"""Which wall bounds which section."""

from __future__ import annotations

import numpy as np

from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.bounding import Bounding, bounding

TONGUE, PALATE, LIP = (CONTOURS.index(name) for name in ("tongue", "palate_and_velum", "lower_lip"))


def straight() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A straight tract of 40 sections of 4 mm, 10 mm wide: a tongue below sections 10 to 29, a palate above 0 to 39."""
    midline = np.stack([np.arange(41) * 4.0, np.zeros(41)], axis=1)[None]
    contours = np.full((1, len(CONTOURS), 81, 2), np.nan)
    contours[0, TONGUE] = np.stack([np.linspace(40.0, 120.0, 81), np.full(81, 5.0)], axis=1)
    contours[0, PALATE] = np.stack([np.linspace(-8.0, 168.0, 81), np.full(81, -5.0)], axis=1)
    return midline, np.full((1, 40), 10.0), contours


def test_a_wall_bounds_the_sections_along_it() -> None:
    found = bounding(*straight())
    of_tongue = found.sections(np.eye(len(CONTOURS))[TONGUE][None, :, None] * np.ones((1, 1, 81)))
    np.testing.assert_allclose(of_tongue[0, 11:29], 1.0, atol=0.26)
    assert of_tongue.sum() == np.float64(20.0) and not of_tongue[0, :10].any() and not of_tongue[0, 31:].any()
    assert (found.section[0, PALATE, :3] == -1).all(), "beyond the ends nothing is bounded"


def test_what_lies_behind_another_wall_or_far_away_bounds_nothing() -> None:
    midline, distance, contours = straight()
    contours[0, LIP] = contours[0, TONGUE] + [0.0, 3.0]
    found = bounding(midline, distance, contours)
    assert (found.share[0, LIP] == 0.0).all() and found.share[0, TONGUE].sum() == 20.0
    contours[0, TONGUE, :, 1] += 6.0
    contours[0, LIP] = np.nan
    assert (bounding(midline, distance, contours).share[0, TONGUE] == 0.0).all(), "not where the distance has it"


def test_frames_without_a_midline_have_none() -> None:
    midline, distance, contours = straight()
    found = bounding(np.full_like(midline, np.nan), distance, contours)
    assert (found.section == -1).all() and (found.share == 0.0).all()


def test_values_of_sections_are_shared_out_to_points() -> None:
    bounds = Bounding(np.array([[[0, 1, -1]]]), np.array([[[0.5, 0.25, 0.0]]]))
    values = np.zeros((2, 1, 2, 40))
    values[1, 0, :, :2] = [[4.0, 8.0], [1.0, np.nan]]
    found = bounds.spread(values)
    assert found.shape == (2, 1, 2, 1, 3)
    np.testing.assert_allclose(found[1, 0, 0, 0], [2.0, 2.0, 0.0])
    np.testing.assert_allclose(found[1, 0, 1, 0], [0.5, np.nan, 0.0])
    np.testing.assert_array_equal(bounds.spread(values[1]), found[1])
