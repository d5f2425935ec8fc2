from __future__ import annotations

from fractions import Fraction

import pytest

from rtmri2speech.errors import MediaError
from rtmri2speech.live.arrivals import Arrivals

STEP = 0.04


def clock() -> Arrivals:
    return Arrivals(Fraction(25), longest_gap=1.0)


def test_regular_frames_take_one_place_each() -> None:
    arrivals = clock()
    assert [arrivals.frame(None, 10 + k * STEP) for k in range(5)] == [0] * 5
    assert arrivals.next == 5
    assert arrivals.deadline == pytest.approx(10 + 5 * STEP + 0.055)
    assert (arrivals.lost, arrivals.late, arrivals.left_out) == (0, 0, 0)


def test_numbers_say_what_is_lost_and_what_comes_twice() -> None:
    arrivals = clock()
    answers = [arrivals.frame(n, 10 + k * STEP) for k, n in enumerate([7, 8, 11, 11, 12])]
    assert answers == [0, 0, 2, None, 0]
    assert (arrivals.lost, arrivals.left_out, arrivals.next) == (2, 1, 6)


def test_numbers_that_jump_are_refused() -> None:
    arrivals = clock()
    arrivals.frame(0, 0.0)
    with pytest.raises(MediaError, match="jump from 0 to 500"):
        arrivals.frame(500, STEP)


@pytest.mark.parametrize("before", [1000, 20])
def test_numbers_that_begin_anew_are_refused(before: int) -> None:
    arrivals = clock()
    for k in range(before):
        arrivals.frame(k, k * STEP)
    with pytest.raises(MediaError, match=rf"begun anew: 26 in a row are below {before}"):
        for k in range(26):
            assert arrivals.frame(k % 20, (before + k) * STEP) is None


def test_one_that_is_sent_again_much_later_is_left_out() -> None:
    arrivals = clock()
    answers = [arrivals.frame(7 if k == 900 else k, k * STEP) for k in range(1000)]
    assert arrivals.left_out == 1 and answers.count(None) == 1


def test_the_numbers_of_a_source_that_paused_go_on() -> None:
    arrivals = clock()
    for k in range(20):
        arrivals.frame(k, k * STEP)
    late = 0.9
    while arrivals.deadline is not None and arrivals.deadline < 19 * STEP + late:
        arrivals.give_up(arrivals.deadline)
    answers = [arrivals.frame(k, k * STEP + late) for k in range(20, 80)]
    assert answers == [None] * arrivals.late + [0] * (60 - arrivals.late)


def test_after_a_pause_as_many_are_left_out_as_were_given_up() -> None:
    arrivals = clock()
    for k in range(20):
        arrivals.frame(None, k * STEP)
    for _ in range(5):
        assert arrivals.deadline is not None
        arrivals.give_up(arrivals.deadline)
    # All that were held up come at once, then the stream goes on in time.
    answers = [arrivals.frame(None, 25 * STEP + k * 1e-4) for k in range(6)]
    answers += [arrivals.frame(None, k * STEP) for k in range(26, 40)]
    assert arrivals.late == 5
    assert 4 <= answers.count(None) <= 5
    assert arrivals.next in (40, 41)


def test_frames_that_never_come_do_not_make_all_others_late() -> None:
    arrivals = clock()
    for k in range(20):
        arrivals.frame(None, k * STEP)
    for _ in range(5):
        arrivals.give_up(0.9)
    answers = [arrivals.frame(None, k * STEP) for k in range(26, 60)]
    assert answers == [0] * 34


def test_a_numbered_frame_after_it_was_given_up_is_left_out_and_the_next_waited_for() -> None:
    arrivals = clock()
    for k in range(20):
        arrivals.frame(k, k * STEP)
    before = arrivals.deadline
    assert before is not None
    arrivals.give_up(before)
    assert arrivals.frame(20, before + 0.02) is None
    assert arrivals.deadline is not None and arrivals.deadline > before + STEP + 0.05
    assert arrivals.frame(21, before + STEP + 0.02) == 0


@pytest.mark.parametrize("drift", [-0.002, 0.002])
def test_a_clock_that_is_a_little_off_loses_nothing(drift: float) -> None:
    arrivals = clock()
    for k in range(2000):
        now = k * STEP * (1 + drift)
        assert arrivals.deadline is None or now < arrivals.deadline
        assert arrivals.frame(None, now) == 0


def test_a_late_first_frame_is_no_head_start() -> None:
    arrivals = clock()
    arrivals.frame(None, 0.1)
    for k in range(1, 10):
        arrivals.frame(None, k * STEP)
    assert arrivals.deadline == pytest.approx(10 * STEP + 0.055)
