from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.features import FeatureConfig, hz_to_mel, mel_filterbank, mel_to_hz, parse_band

MEMO = FeatureConfig()


def test_defaults_are_the_memos() -> None:
    assert MEMO.frame_rate == Fraction(11413, 420)
    assert (MEMO.n_fft, MEMO.win_length, MEMO.n_mels, MEMO.preemphasis) == (2048, 2048, 64, 0.97)
    assert MEMO.padding == (814, 814) and MEMO.top == 5706.5


def test_formant_bands_fall_on_their_bins() -> None:
    assert MEMO.band_bins(300, 900) == (7, 20)
    assert MEMO.band_bins(900, 2500) == (21, 44)


@given(st.floats(0, 5000), st.floats(1, 3000))
def test_a_band_holds_exactly_the_centres_inside_it(low: float, width: float) -> None:
    high = min(low + width, MEMO.nyquist)
    inside = [index for index, hz in enumerate(MEMO.mel_centers()) if low <= hz <= high]
    if not inside:
        with pytest.raises(ConfigError, match="no mel bin"):
            MEMO.band_bins(low, high)
    else:
        assert MEMO.band_bins(low, high) == (inside[0], inside[-1])


@pytest.mark.parametrize(("low", "high", "text"), [(900, 300, "empty"), (-1, 20, "empty"), (5000, 6000, "Nyquist")])
def test_an_impossible_band_is_refused(low: float, high: float, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        MEMO.band_bins(low, high)


def test_bands_are_read_in_the_memos_spelling() -> None:
    assert parse_band("F1:300-900") == ("F1", 300.0, 900.0)
    assert parse_band(" F2.low:900-2500.5 ") == ("F2.low", 900.0, 2500.5)


@pytest.mark.parametrize("text", ["300-900", "F1:300", "F1:a-b", "F1 300-900", "F1:-300-900", ""])
def test_another_spelling_of_a_band_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not understood"):
        parse_band(text)


@pytest.mark.parametrize(
    "config",
    [
        MEMO,
        FeatureConfig(fmin=80.0, fmax=4000.0, n_mels=40),
        FeatureConfig(sample_rate=22050, n_fft=1024, win_length=800, hop_length=256, n_mels=80),
    ],
)
def test_filterbank_is_librosas(config: FeatureConfig) -> None:
    librosa = pytest.importorskip("librosa")
    theirs = librosa.filters.mel(
        sr=config.sample_rate, n_fft=config.n_fft, n_mels=config.n_mels, fmin=config.fmin, fmax=config.fmax
    )
    ours = mel_filterbank(config)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-6 * theirs.max()
    centres = librosa.mel_frequencies(n_mels=config.n_mels + 2, fmin=config.fmin, fmax=config.top)[1:-1]
    assert np.allclose(config.mel_centers(), centres, rtol=1e-9)


def test_no_filter_is_empty() -> None:
    assert (mel_filterbank(MEMO).max(axis=1) > 0).all()


def test_each_filter_peaks_at_its_centre() -> None:
    hertz = np.linspace(0, MEMO.nyquist, MEMO.n_fft // 2 + 1)
    peaks = hertz[mel_filterbank(MEMO).argmax(axis=1)]
    assert np.abs(peaks - MEMO.mel_centers()).max() <= hertz[1] / 2


@given(st.floats(0, 20000))
def test_mel_scale_inverts(hz: float) -> None:
    assert mel_to_hz(hz_to_mel(np.array([hz])))[0] == pytest.approx(hz, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"fmax": 8000.0}, "Nyquist"),
        ({"fmin": 6000.0}, "not below"),
        ({"fmin": 900.0, "fmax": 300.0}, "not below"),
        ({"win_length": 4096}, "win_length 4096"),
        ({"hop_length": 4096}, "samples would be lost"),
        ({"n_mel": 64}, "unknown key 'n_mel'"),
        ({"preemphasis": 1.0}, "preemphasis"),
        ({"floor": 0.0}, "floor"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, float], text: str) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        FeatureConfig.parse(values, "recipe")
    assert caught.value.remedy


def test_differences_are_named_with_both_values() -> None:
    other = FeatureConfig(n_mels=80)
    assert MEMO.differences(other) == ["n_mels: 64 against 80"]
    assert MEMO.differences(FeatureConfig()) == []


@given(
    st.integers(16, 4096),
    st.integers(12, 4096),
    st.integers(0, 10**9),
)
def test_padding_and_frame_count_belong_together(n_fft: int, hop: int, samples: int) -> None:
    hop = min(hop, n_fft)
    config = FeatureConfig(n_fft=n_fft, win_length=n_fft, hop_length=hop)
    before, after = config.padding
    assert 0 <= after - before <= 1
    assert config.frames_in(samples) == samples // hop
    # As many transforms fit into the padded signal.
    if samples >= config.min_samples:
        assert (samples + before + after - n_fft) // hop + 1 == samples // hop


@pytest.mark.parametrize(
    "values", [{"sample_rate": 4_000_000}, {"hop_length": 1}, {"n_fft": 1 << 30}, {"n_mels": 10**9}]
)
def test_definitions_that_no_computer_can_work_on_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        FeatureConfig.parse(values, "model")
