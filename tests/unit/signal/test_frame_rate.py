"""Frame rates as people give them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.preparation.check import CheckOptions
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ("27", Fraction(27)),
        (27, Fraction(27)),
        ("83.278", Fraction(83278, 1000)),
        (27.17, Fraction(2717, 100)),
        ("625/23", Fraction(625, 23)),
        (Fraction(625, 23), Fraction(625, 23)),
    ],
)
def test_they_are_read_exactly(given: FrameRate, rate: Fraction) -> None:
    assert frame_rate(given) == rate
    for options in (PrepareOptions, CheckOptions):
        assert options.parse({"fps": given}, "test").fps == rate, "as a field of a configuration"


@pytest.mark.parametrize(
    "given", ["", "fast", "0", "-1", "1/0", "nan", "inf", "1e9", "1e999999999", "1E-0999999999", 0, float("nan")]
)
def test_impossible_ones_are_refused_by_name(given: FrameRate) -> None:
    with pytest.raises(ConfigError, match=f"^`video_fps={given}`: not a frame rate"):
        frame_rate(given, name="video_fps")
    with pytest.raises(ConfigError, match=f"^`fps={given}`: not a frame rate"):
        PrepareOptions().changed({"fps": given}, "test")


def test_none_is_the_files_own() -> None:
    assert frame_rate(None) is None and PrepareOptions().fps is None
