from __future__ import annotations

import numpy as np

from rtmri2speech.live.levels import GrayLevels
from rtmri2speech.signal.frames import FrameConfig

ROBUST = FrameConfig(size=32, mode="robust")


def drawn(brightness: float = 1.0, deep: bool = False) -> np.ndarray:
    values = np.random.default_rng(0).uniform(10, 110, (32, 32)) * brightness
    return (values * 256).astype(np.uint16) if deep else values.astype(np.uint8)


def test_are_those_of_the_first_frames_and_then_stay() -> None:
    levels = GrayLevels(ROBUST, None, 3)
    histogram = np.bincount(drawn().ravel(), minlength=256)
    for _ in range(3):
        assert not levels.fixed
        assert levels.observe(drawn()) == ROBUST.limits(histogram)
    assert levels.fixed
    assert levels.observe(drawn(2.0)) == ROBUST.limits(histogram)


def test_frames_brighter_than_the_steady_state_do_not_count() -> None:
    levels = GrayLevels(ROBUST, None, 6)
    for brightness in (2.0, 1.5, 1.0, 1.0, 1.0, 1.0):
        limits = levels.observe(drawn(brightness))
    assert limits == ROBUST.limits(np.bincount(drawn().ravel(), minlength=256))


def test_are_those_of_all_frames_from_the_first_that_is_not_too_bright() -> None:
    draw, frames = np.random.default_rng(1), []
    levels = GrayLevels(ROBUST, None, 60)
    for number in range(60):
        frames.append(drawn(1.0 + 1.2 * np.exp(-number / 8) + 0.1 * draw.uniform()))
        found = levels.observe(frames[-1])
        means = [frame.mean() for frame in frames]
        steady = np.median(means[len(means) // 2 :])
        first = next(k for k, mean in enumerate(means) if mean <= 1.1 * steady)
        assert found == ROBUST.limits(np.bincount(np.ravel(frames[first:]), minlength=256))
    assert levels.fixed


def test_of_a_long_start_few_histograms_are_kept() -> None:
    levels, draw = GrayLevels(ROBUST, None, 1000), np.random.default_rng(2)
    for _ in range(500):
        levels.observe(drawn(draw.uniform(0.9, 1.1), deep=True))
    assert len(levels._darkest) < 20


def test_of_16_bits() -> None:
    low, high = GrayLevels(ROBUST, None, 3).observe(drawn(deep=True)) or (0, 0)
    assert 2500 < low < 2800 and 27000 < high < 28200


def test_given_ones_stay_and_frame_by_frame_there_are_none() -> None:
    assert GrayLevels(ROBUST, (3.0, 90.0), 5).observe(drawn()) == (3.0, 90.0)
    assert GrayLevels(FrameConfig(size=32), (3.0, 90.0), 5).observe(drawn()) is None
