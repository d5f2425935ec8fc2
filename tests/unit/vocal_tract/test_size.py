"""The size of a pixel, from contours of known length."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.size import (
    IN_PART,
    TRACT_MM,
    TRACT_PER_OUTLINE,
    estimate_pixel_mm,
    outline_lengths,
    size_notes,
)


def contours(scale: float = 1.0, frames: int = 3) -> np.ndarray:
    """A wall of 20, a roof of 30, and 5 from there to the lip."""
    share = np.linspace(0.0, 1.0, 9)
    points = np.zeros((frames, len(CONTOURS), 9, 2))
    points[:, CONTOURS.index("pharyngeal_wall"), :, 1] = 60 - 20 * share
    points[:, CONTOURS.index("palate_and_velum"), :, 0] = 40 - 30 * share
    points[:, CONTOURS.index("upper_lip"), :, 0] = 5 + 4 * share[::-1]
    return points * scale


def test_lengths_add_up_and_scale() -> None:
    np.testing.assert_allclose(outline_lengths(contours()), 55.0)
    estimate = estimate_pixel_mm(contours())
    assert estimate == pytest.approx(TRACT_MM / (TRACT_PER_OUTLINE * 55.0))
    assert estimate_pixel_mm(contours(2.0)) == pytest.approx(estimate / 2)


def test_frames_without_contours_do_not_count() -> None:
    some = contours()
    some[0] = np.nan
    some[1, CONTOURS.index("upper_lip")] = np.nan
    assert estimate_pixel_mm(some) == estimate_pixel_mm(contours())
    assert estimate_pixel_mm(some[:2]) is None and estimate_pixel_mm(some[:0]) is None


@pytest.mark.parametrize(("larynx", "lips", "length"), [(True, False, 50.0), (False, True, 35.0), (False, False, 30.0)])
def test_what_is_out_of_view_does_not_count(larynx: bool, lips: bool, length: float) -> None:
    share, error = IN_PART[larynx, lips]
    view = {"larynx": larynx, "lips": lips}
    np.testing.assert_allclose(outline_lengths(contours(), **view), length)
    assert estimate_pixel_mm(contours(), **view) == pytest.approx(TRACT_MM / (share * length))
    assert f"in view, as if it were that of an adult's tract of average length, right within some {error:.0%}".replace(
        "%", " %"
    ) in next(size_notes(1.0, "estimated", **view))
