from __future__ import annotations

import numpy as np
import pytest
from tests.drawn_tubes import bent_tube

from rtmri2speech.vocal_tract.contours import trace_contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.geometry.geometry import TractGeometry, grid_of, measure_geometry, typical


def measured(*frames: np.ndarray) -> TractGeometry:
    return measure_geometry(
        iter(frames),
        grid_of(frames),
        trace_contours(frames, frame_rate=25),  # type: ignore[arg-type]  # a whole number is a rate
        pixel_mm=0.5,
        to_source=lambda points: points * 2.0,
        scale=2.0,
    )


def test_pixels_become_millimeters() -> None:
    found = measured(bent_tube(12.0), bent_tube(12.0))
    # A pixel of the probabilities is two of the source, of half a millimeter.
    assert found.distance[0, 20] == pytest.approx(12.0, abs=0.4)
    assert found.midline.max() > 192.0
    assert 14.5 < found.length[0] < 16.3
    assert (found.area_range[..., 0] <= found.area).all()
    assert set(found.measures) == set(MEASURES)
    assert found.notes == ()


def test_what_has_no_lips_says_what_is_missing() -> None:
    frame = bent_tube(12.0)
    frame[2:4] = 0.0
    found = measured(frame)
    assert np.isnan(found.area).all()
    assert np.isnan(found.measures["lip_aperture_mm"]).all()
    assert "lips" in found.notes[0]
    assert np.isfinite(found.measures["velum_mm"]).all()


def test_a_larynx_without_air_is_no_closure() -> None:
    shut = bent_tube(12.0, closed=(4.0, 10.0))
    found = measured(shut, shut)
    assert (found.distance[:, :6] == 0.0).any()
    assert not found.closed.any()
    assert (found.area > 0.0).all()


def test_typical_frames_are_spread_over_the_recording() -> None:
    assert typical(3) == [0, 1, 2]
    assert typical(0) == []
    assert typical(100, 3) == [0, 49, 99]
