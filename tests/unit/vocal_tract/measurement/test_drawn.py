"""Lines across the tract, and limits of axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_tracts import made_tract
from rtmri2speech.vocal_tract.measurement.drawn import cross_lines, doubtful_frames, limits_of, plane_frames


def test_lines_across_are_as_long_as_the_walls_are_apart() -> None:
    tract = made_tract(5)
    lines = cross_lines(tract)
    assert lines.shape == (5, 40, 2, 2)
    long = np.hypot(*np.moveaxis(lines[:, :, 1] - lines[:, :, 0], -1, 0))
    assert long * tract.pixel_mm == pytest.approx(tract.distance)
    middles, along = 0.5 * (tract.midline[:, 1:] + tract.midline[:, :-1]), np.diff(tract.midline, axis=1)
    assert lines.mean(axis=2) == pytest.approx(middles)
    assert np.einsum("tkx,tkx->tk", lines[:, :, 1] - lines[:, :, 0], along) == pytest.approx(0.0, abs=1e-9)


def test_limits_hold_what_is_known() -> None:
    tract = made_tract(40, closed=(3,))
    limits = limits_of(tract)
    shown = tract.formants[plane_frames(tract)]
    assert limits.length_cm == 16.0 and limits.area_cm2 >= np.median(tract.area_range)
    for (low, high), values in zip((limits.f1_hz, limits.f2_hz), shown.T, strict=False):
        assert low < np.percentile(values, 5) and high > np.percentile(values, 95)


def test_the_point_of_a_closed_frame_is_within_the_plane() -> None:
    tract = made_tract(40, closed=(3, 4, 5))
    limits = limits_of(tract)
    f1, f2 = tract.formants[4, :2]
    assert limits.f1_hz[0] < f1 < limits.f1_hz[1] and limits.f2_hz[0] < f2 < limits.f2_hz[1]


def test_nothing_known_has_limits_all_the_same() -> None:
    tract = made_tract(4)
    nothing = {name: np.full_like(getattr(tract, name), np.nan) for name in ("length", "area_range", "formants")}
    limits = limits_of(replace(tract, **nothing))
    assert limits.length_cm > 0 and limits.area_cm2 > 0 and limits.f1_hz[0] < limits.f1_hz[1]


def test_closed_and_doubtful_frames_have_no_point() -> None:
    tract = made_tract(6, closed=(2,))
    confidence = tract.confidence.copy()
    confidence[4] = 0.3
    tract = replace(tract, confidence=confidence)
    assert plane_frames(tract).tolist() == [True, True, False, True, False, True]
    assert doubtful_frames(tract).tolist() == [False] * 4 + [True, False]
