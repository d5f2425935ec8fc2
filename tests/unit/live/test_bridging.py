from __future__ import annotations

import pytest
import torch

from rtmri2speech.live.bridging import LONGEST, Bridge, Filled
from rtmri2speech.live.frames import Missing


def row(value: float) -> torch.Tensor:
    return torch.full((3,), value)


def values(filled: list[Filled]) -> list[tuple[float, float]]:
    return [(round(float(features[0]), 6), quieter) for features, quieter in filled]


def test_lost_frames_lie_between_their_neighbors() -> None:
    bridge = Bridge()
    assert values(bridge.known(row(1.0))) == [(1.0, 0.0)]
    assert bridge.missing(Missing.LOST) == bridge.missing(Missing.LOST) == []
    assert values(bridge.known(row(4.0))) == [(2.0, 0.0), (3.0, 0.0), (4.0, 0.0)]


def test_late_frames_hold_at_once() -> None:
    bridge = Bridge()
    bridge.known(row(1.0))
    assert values(bridge.missing(Missing.LATE)) == [(1.0, 0.0)]
    assert values(bridge.known(row(4.0))) == [(4.0, 0.0)]


@pytest.mark.parametrize("why", list(Missing))
def test_long_gaps_fade_out_and_no_frame_is_left_out(why: Missing) -> None:
    bridge = Bridge()
    bridge.known(row(1.0))
    held = [one for _ in range(LONGEST + 3) for one in values(bridge.missing(why))]
    assert held == [(1.0, 0.0)] * LONGEST + [(1.0, 6.0), (1.0, 12.0), (1.0, 18.0)]
    assert values(bridge.known(row(2.0))) == [(2.0, 0.0)]


def test_what_is_lost_at_the_end_holds() -> None:
    bridge = Bridge()
    bridge.known(row(1.0))
    bridge.missing(Missing.LOST)
    assert values(bridge.finish()) == [(1.0, 0.0)]


@pytest.mark.parametrize("why", list(Missing))
def test_before_the_first_frame_there_is_the_first(why: Missing) -> None:
    bridge = Bridge()
    assert bridge.missing(why) == []
    assert values(bridge.known(row(5.0))) == [(5.0, 0.0), (5.0, 0.0)]
