from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.signal.sync import MotionTrack, estimate_sync

RATE, FPS = 16000, 30.0


def talking(seconds: float, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A bar that opens and closes, noise as loud as it is open."""
    rng = np.random.default_rng(seed)
    knots = np.arange(0, seconds + 1, 0.15)
    opening = rng.uniform(0, 1, len(knots))
    frames = np.full((round(seconds * FPS), 48, 48), 60, np.uint8)
    for index, frame in enumerate(frames):
        frame[: int(40 * np.interp((index + 0.5) / FPS, knots, opening)), 10:38] = 200
    frames = (frames + rng.integers(0, 20, frames.shape)).astype(np.uint8)
    time = np.arange(round(seconds * RATE)) / RATE
    loud = 10 ** (2 * np.interp(time, knots, opening) - 3)
    return frames, (loud * rng.standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize("offset", [0.0, 0.42, -1.3])
def test_the_offset_is_found(offset: float) -> None:
    frames, samples = talking(20.0, 1)
    motion = MotionTrack().add(frames).features(0)
    centers = (np.arange(len(frames)) + 0.5) / FPS
    found = estimate_sync(motion, centers, samples, RATE, offset)
    assert found is not None and found.offset == pytest.approx(offset, abs=0.03) and found.confidence > 0.9


def test_another_sound_gives_no_confidence_and_a_word_no_estimate() -> None:
    frames, samples = talking(20.0, 1)
    motion = MotionTrack().add(frames).features(0)
    centers = (np.arange(len(frames)) + 0.5) / FPS
    found = estimate_sync(motion, centers, talking(20.0, 2)[1], RATE, 0.0)
    assert found is not None and found.confidence < 0.3
    assert estimate_sync(motion[:30], centers[:30], samples[:RATE], RATE, 0.0) is None
