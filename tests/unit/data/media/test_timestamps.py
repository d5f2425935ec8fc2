from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.data.media.timestamps import frame_times, tagged_duration
from rtmri2speech.errors import MediaError

CLIP = Path("clip.mkv")
MS = Fraction(1, 1000)


@given(st.fractions(Fraction(5), Fraction(200), max_denominator=1001), st.integers(2, 500), st.integers(0, 90_000))
def test_times_rounded_to_ticks_are_the_nominal_ones(rate: Fraction, n: int, begin: int) -> None:
    pts = [begin + round(i / rate / MS) for i in range(n)]
    starts, end, found, odd = frame_times(CLIP, list(pts), MS, rate, None)
    assert found == rate and odd == []
    assert np.abs(starts - float(begin * MS) - np.arange(n) / float(rate)).max() < 1e-6
    assert end == pytest.approx(float(begin * MS + n / rate))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(-50, 50_000))
def test_irregular_times_are_kept(gaps: list[int], begin: int) -> None:
    pts = [begin, *(begin + int(total) for total in np.cumsum(gaps))]
    starts, end, rate, _ = frame_times(CLIP, list(pts), MS, None, None)
    assert np.abs(starts - np.array(pts) / 1000).max() < 1e-9
    assert rate == Fraction(len(gaps) * 1000, sum(gaps))
    assert end > starts[-1]


def test_two_times_that_changed_places_are_put_in_order() -> None:
    starts, _, rate, _ = frame_times(CLIP, [0, 80, 40, 120], MS, Fraction(25), None)
    assert starts.tolist() == [0.0, 0.04, 0.08, 0.12] and rate == 25


def test_missing_times_fall_back_on_the_rate() -> None:
    starts, end, *_ = frame_times(CLIP, [None, None, None], MS, Fraction(10), None)
    assert starts.tolist() == [0.0, 0.1, 0.2] and end == pytest.approx(0.3)


def test_neither_times_nor_rate_is_an_error() -> None:
    with pytest.raises(MediaError, match="when its frames were taken") as caught:
        frame_times(CLIP, [None, None], MS, None, None)
    assert "`fps" in caught.value.remedy
    assert frame_times(CLIP, [None, None], MS, None, Fraction(25))[2] == 25


@pytest.mark.parametrize(
    ("tag", "seconds"), [("00:00:02.160000000", 2.16), ("01:02:03", 3723.0), ("2.16", None), ("", None), ("N/A", None)]
)
def test_the_tag_of_matroska(tag: str, seconds: float | None) -> None:
    assert tagged_duration({"DURATION": tag}) == seconds
    assert tagged_duration({}) is None


SLOW_THEN_FAST = np.concatenate([np.arange(60) * 50, 3000 + np.arange(60) * 25])


@pytest.mark.parametrize(
    ("place", "stamp"),
    [(80, None), (80, SLOW_THEN_FAST[79]), (80, SLOW_THEN_FAST[81]), (40, 10), (40, 5000), (119, 90_000), (0, -90_000)],
)
def test_one_odd_stamp_leaves_all_others_as_they_are(place: int, stamp: int | None) -> None:
    pts: list[int | None] = [int(value) for value in SLOW_THEN_FAST]
    pts[place] = None if stamp is None else int(stamp)
    starts, end, _, odd = frame_times(CLIP, pts, MS, Fraction(27), None)
    assert odd == [place]
    assert np.abs(starts - SLOW_THEN_FAST / 1000).max() < 0.013 and np.diff(starts).min() > 0
    assert np.delete(starts, place) == pytest.approx(np.delete(SLOW_THEN_FAST, place) / 1000)
    assert end > starts[-1]


def test_an_odd_stamp_among_even_ones_leaves_the_nominal_rate() -> None:
    pts: list[int | None] = [40 * index for index in range(100)]
    pts[50] = 7
    starts, _, rate, odd = frame_times(CLIP, pts, MS, Fraction(25), None)
    assert rate == 25 and odd == [50] and np.array_equal(starts, np.arange(100) / 25)


def test_guesses_that_go_back_leave_the_nominal_rate() -> None:
    """MPEG program streams as FFmpeg reads them: frames 105 to 139 are three frames early, then all is well again."""
    true = 3600 * np.arange(192)
    pts = true.copy()
    pts[105:140] -= 3 * 3600
    tick, rate = Fraction(1, 90000), Fraction(25)
    for guessed, stop in ((False, 192), (True, 192), (True, 130)):
        starts, _, found, odd = frame_times(CLIP, [int(one) for one in pts[:stop]], tick, rate, None, guessed)
        assert found == rate and odd == list(range(105, min(stop, 140)))
        assert starts == pytest.approx(true[:stop] / 90000)


def test_guesses_that_are_a_frame_late_leave_the_nominal_rate() -> None:
    true = 3750 * np.arange(86)
    pts = np.where(np.arange(86) < 73, true, true + 3750)
    tick, rate = Fraction(1, 90000), Fraction(24)
    starts, _, found, odd = frame_times(CLIP, [int(one) for one in pts], tick, rate, None, True)
    assert found == rate and odd == list(range(73, 86)) and starts == pytest.approx(true / 90000)
    starts, _, _, odd = frame_times(CLIP, [int(one) for one in pts], tick, rate, None)
    assert not odd and starts == pytest.approx(pts / 90000)


def test_a_dropped_frame_and_a_double_stamp_are_not_taken_for_guesses() -> None:
    true = 40 * np.delete(np.arange(101), 90)
    pts = true.copy()
    pts[50] = pts[49]
    starts, _, _, odd = frame_times(CLIP, [int(one) for one in pts], MS, Fraction(25), None)
    assert odd == [50] and starts == pytest.approx(true / 1000)
