"""What two tracks have in common, as numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtmri2speech.vocal_tract.against_sound.agreement import BLOCK_SECONDS, agreements, blocks_of, correlation


def test_correlation_ratio_and_error_are_those_of_the_tracks() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(400) / 50.0
    sound = 500.0 * np.exp(0.3 * rng.standard_normal((400, 1)))
    noise = np.exp(0.1 * rng.standard_normal((400, 1)))
    tube = 1.1 * sound * noise
    tube[5] = np.nan
    everywhere = np.ones(400, np.bool_)
    (found,) = agreements(tube, sound, (sound, sound * noise), everywhere, blocks_of(times))
    known = np.isfinite(tube[:, 0])
    assert (found.formant, found.frames) == (1, 399)
    assert found.r == pytest.approx(np.corrcoef(np.log(tube[known, 0]), np.log(sound[known, 0]))[0, 1])
    assert found.r_range[0] < found.r < found.r_range[1] < 1.0
    assert found.ratio == pytest.approx(1.1, rel=0.02) and found.ratio_range[0] < 1.1 < found.ratio_range[1]
    assert found.error == pytest.approx(float(np.median(np.abs(tube[known] / sound[known] - 1.0))))
    assert found.reference_r == pytest.approx(0.95, abs=0.02)


def test_too_few_frames_say_nothing() -> None:
    tracks = np.full((20, 2), 500.0)
    few = np.arange(20) < 9
    first, second = agreements(tracks, tracks, (tracks, tracks), few, np.arange(20))
    assert (first.frames, second.formant) == (9, 2) and math.isnan(first.r) and math.isnan(second.ratio)


def test_what_does_not_vary_does_not_correlate() -> None:
    assert math.isnan(correlation(np.ones(5), np.arange(5.0)))


def test_frames_of_half_a_second_are_drawn_together() -> None:
    assert blocks_of(np.array([0.0, 0.49, 0.5, 1.2])).tolist() == [0, 0, 1, 2] and BLOCK_SECONDS == 0.5
