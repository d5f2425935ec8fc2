"""Edges of frames that are not asked of VocalTractLab lie where it would put them."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.simulation.head.contour_sampling import sample_contours, sample_movement
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract

OUTLINES = ("upper", "lower", "tongue", "epiglottis")


def course(tract: VocalTract, speed: float) -> np.ndarray:
    """Edges and centers of 12 frames between two vowels, (25, 19): a smooth step of so many of the whole way."""
    place = speed * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, 25)))
    one, other = tract.shape("a"), tract.shape("i")
    return one + place[:, None] * (other - one)


@pytest.mark.parametrize(("speed", "least"), [(0.05, 8), (1.0, 0)])
def test_still_edges_are_not_asked_for_and_lie_within_a_tenth_of_a_millimetre(
    speed: float, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tract = VocalTract()
    states = course(tract, speed)
    whole = sample_contours(tract, states)
    asked = []
    plain = VocalTract.outlines
    monkeypatch.setattr(VocalTract, "outlines", lambda self, state: (asked.append(state), plain(self, state))[1])
    found = sample_movement(tract, states)
    saved = len(states) - len(asked)
    assert saved >= least and (least > 0 or saved <= 4)
    for name in OUTLINES:
        one, other = getattr(whole, name), getattr(found, name)
        assert np.array_equal(one[1::2], other[1::2]), "the centers are always VocalTractLab's"
        assert np.abs(one - other).max() < 0.01  # cm
    assert np.array_equal(found.velum, whole.velum)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_few_frames_are_all_asked_for(frames: int) -> None:
    tract = VocalTract()
    states = np.repeat(tract.shape("a")[None], 2 * frames + 1, axis=0)
    assert len(sample_movement(tract, states)) == 2 * frames + 1
