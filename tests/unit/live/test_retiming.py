from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from rtmri2speech.live.frames import Missing, Slot
from rtmri2speech.live.retiming import StreamRetiming
from rtmri2speech.signal.retiming import plan_retiming

CLOCK = Fraction(11413, 420)
RATES = [Fraction(625, 23), Fraction(25), Fraction(10), Fraction(65040, 781), Fraction(50), CLOCK, Fraction(2717, 100)]


def frames(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (count, 3, 4), np.uint8)


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("rate", RATES)
def test_equals_the_retiming_of_the_whole_recording(rate: Fraction, count: int) -> None:
    source = frames(count)
    plan = plan_retiming(np.arange(count) / float(rate), count / float(rate), CLOCK)
    blocks = list(plan.apply(source))
    wanted = np.concatenate(blocks) if blocks else np.zeros((0, 3, 4))
    stream = StreamRetiming(rate, CLOCK)
    made = [slot for frame in source for slot in stream.push(Slot(frame, 0.0))] + stream.finish()
    assert len(made) == len(wanted)
    for one, other in zip(made, wanted, strict=True):
        assert not isinstance(one.frame, Missing)
        np.testing.assert_allclose(one.frame, other, atol=1e-2)


@pytest.mark.parametrize("rate", RATES)
def test_an_output_frame_waits_no_longer_than_is_stated(rate: Fraction) -> None:
    stream, number = StreamRetiming(rate, CLOCK), 0
    for index in range(60):
        for _ in stream.push(Slot(frames(1)[0], 0.0)):
            # A frame is there when it is over.
            assert float((index + 1) / rate) - (number + 1) / float(CLOCK) <= stream.delay + 1e-2 / float(CLOCK)
            number += 1
    assert number > 10


def test_an_output_frame_is_missing_where_most_of_it_is() -> None:
    stream = StreamRetiming(3 * CLOCK, CLOCK)
    frame = np.full((2, 2), 6, np.uint8)
    pattern = [frame, Missing.LOST, frame, Missing.LOST, frame, Missing.LATE]
    made = [slot.frame for one in pattern for slot in stream.push(Slot(one, 1.0))]
    assert len(made) == 2
    np.testing.assert_allclose(made[0], 6.0)
    assert made[1] is Missing.LATE
