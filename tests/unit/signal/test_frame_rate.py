"""Frame rates as people give them, and the clocks made of them."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.vocoder.generator import VocoderConfig
from rtmri2speech.preparation.check import CheckOptions
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import (
    FrameRate,
    clock_rate,
    features_at,
    frame_rate,
    upsampling,
    upsampling_kernels,
)
from rtmri2speech.signal.retiming import SAME_RATE_TOLERANCE


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


@pytest.mark.parametrize(
    ("given", "sample_rate", "hop", "window", "n_fft"),
    [
        ("65040/781", 11992, 144, 702, 1024),  # USC 75-speaker
        ("83.278", 11992, 144, 702, 1024),
        (99, 11088, 112, 546, 1024),  # USC LSS
        ("23.18", 11590, 500, 2048, 2048),  # USC-TIMIT
        ("6.449116", 11286, 1750, 3500, 4096),  # longer than the reference's window: two frames
        (200, 11200, 56, 448, 1024),  # 4.9 frames would be too short: 40 ms
    ],
)
def test_a_clock_follows_the_frame_rate(given: FrameRate, sample_rate: int, hop: int, window: int, n_fft: int) -> None:
    rate = clock_rate(given)
    assert isinstance(rate, Fraction)
    made = features_at(rate, FeatureConfig(preemphasis=0.5))
    assert (made.sample_rate, made.hop_length, made.win_length, made.n_fft) == (sample_rate, hop, window, n_fft)
    assert abs(made.frame_rate / rate - 1) < SAME_RATE_TOLERANCE and made.preemphasis == 0.5


@pytest.mark.parametrize("given", ["27.17", 27.17, "27.174", "625/23", Fraction(11413, 420), "27.17381"])
def test_the_reference_rate_keeps_the_reference_clock(given: FrameRate) -> None:
    rate = clock_rate(given)
    assert isinstance(rate, Fraction) and features_at(rate, FeatureConfig()) == FeatureConfig()


def test_another_sampling_rate_may_be_wished_for() -> None:
    made = features_at(Fraction(65040, 781), FeatureConfig(sample_rate=22050, n_mels=80))
    assert (made.sample_rate, made.hop_length, made.n_mels) == (22485, 270, 80)
    assert features_at(made.frame_rate, made) == made, "a clock of this rate stays"


@settings(deadline=None, max_examples=40)
@given(st.integers(500, 40_000), st.sampled_from([8000, 11413, 16_000, 22_050, 44_100]))
def test_every_clock_is_exact_and_can_be_upsampled_to(hundredths: int, wish: int) -> None:
    rate = Fraction(hundredths, 100)
    try:
        made = features_at(rate, FeatureConfig(sample_rate=wish))
    except ConfigError as error:
        # Rare: it names a rate near it for which there is one.
        near = Fraction(error.remedy.partition("frame_rate=")[2].strip("`"))
        made, rate = features_at(near, FeatureConfig(sample_rate=wish)), near
    factors = upsampling(made.hop_length)
    assert factors is not None and math.prod(factors) == made.hop_length and max(factors) <= 12
    assert abs(made.frame_rate / rate - 1) < SAME_RATE_TOLERANCE
    assert made.hop_length <= made.win_length <= made.n_fft and wish / 2 <= made.sample_rate <= 2 * wish
    VocoderConfig(upsample_rates=factors, upsample_kernels=upsampling_kernels(factors))


@pytest.mark.parametrize(
    ("hop", "factors"), [(144, (4, 4, 3, 3)), (420, (7, 5, 4, 3)), (12, (3, 2, 2)), (7, (7,)), (137, None), (26, None)]
)
def test_hops_are_taken_apart(hop: int, factors: tuple[int, ...] | None) -> None:
    assert upsampling(hop) == factors


def test_kernels_are_those_of_the_reference_configuration() -> None:
    assert upsampling_kernels((10, 7, 3, 2)) == VocoderConfig().upsample_kernels


@pytest.mark.parametrize(
    ("given", "text"),
    [(0, "not a frame rate"), ("fast", "not a frame rate"), (1000, "not from 2 to 400"), (1, "not from")],
)
def test_clocks_of_no_scanner_are_refused(given: FrameRate, text: str) -> None:
    with pytest.raises(ConfigError, match=f"^`frame_rate={given}`: {text}") as caught:
        PrepareOptions.parse({"frame_rate": given}, "test")
    assert "`frame_rate='native'`" in caught.value.remedy


def test_native_is_known_with_the_recordings() -> None:
    assert PrepareOptions(frame_rate="native").frame_rate == "native" and PrepareOptions().frame_rate is None
    assert PrepareOptions.parse({"frame_rate": "27.17"}, "test").frame_rate == FeatureConfig().frame_rate
