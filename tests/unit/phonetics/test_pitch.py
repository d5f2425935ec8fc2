"""Fundamental frequency: known tones, speakers low and high, octaves, voicing."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.phonetics.pitch import WIDEST_RANGE, pitch_errors, pitch_range, pitch_times, pitch_track
from rtmri2speech.signal import defaults

pytest.importorskip("parselmouth", reason="Praat (extra phonetics) is not installed")

RATE = defaults.SAMPLE_RATE
SEMITONE = 2 ** (1 / 12)


def pulses(f0: float | np.ndarray, seconds: float = 1.0) -> np.ndarray:
    """A pulse train without aliases, through a formant at 500 Hz: harmonics up to 5 kHz."""
    f0 = np.broadcast_to(f0, round(seconds * RATE))
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    orders = np.arange(1, int(5000 / f0.max()) + 1)
    heights = 1 / np.hypot(1 - (orders * f0.mean() / 500) ** 2, orders * f0.mean() / 500 / 5)
    return 0.02 * (heights @ np.cos(orders[:, None] * phase))


def noise(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    return 0.05 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


@pytest.mark.parametrize("f0", [60, 80, 100, 200, 300, 400, 500])
def test_a_pulse_train_has_its_frequency(f0: float) -> None:
    lowest, highest = pitch_range([pulses(f0)], RATE)
    assert lowest == pytest.approx(0.75 * f0, rel=1e-3) and highest == pytest.approx(1.5 * f0, rel=1e-3)
    track = pitch_track(pulses(f0), RATE, lowest, highest)
    assert len(track) > 90 and (track > 0).all()
    assert track == pytest.approx(f0, rel=2e-3)


@pytest.mark.parametrize("f0", [80, 100, 200, 400])
@pytest.mark.parametrize("semitones", [-1, 1])
def test_a_semitone_is_100_cents(f0: float, semitones: int) -> None:
    shifted = f0 * SEMITONE**semitones
    errors = pitch_errors(pulses(f0), pulses(shifted), RATE)
    assert errors["f0_rmse_cents"] == pytest.approx(100, abs=1)
    assert errors["f0_rmse_hz"] == pytest.approx(abs(shifted - f0), abs=0.2)
    assert errors["vuv_error"] == 0


@pytest.mark.parametrize("factor", [0.5, 2])
def test_an_octave_is_not_taken_for_right(factor: float) -> None:
    errors = pitch_errors(pulses(160), pulses(160 * factor), RATE)
    assert errors["f0_rmse_cents"] == pytest.approx(1200, abs=5)


@pytest.mark.parametrize(("low", "high"), [(70, 110), (160, 260), (320, 480)])
def test_melodies_in_noise_have_no_octave_errors(low: float, high: float) -> None:
    times = np.arange(2 * RATE) / RATE
    truth = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * 1.5 * times)
    wave = pulses(truth, 2.0)
    noisy = wave + 0.3 * wave.std() * np.random.default_rng(0).standard_normal(len(wave))
    track = pitch_track(noisy, RATE, *pitch_range([noisy], RATE))
    # Praat's frames lie in the middle of the wave.
    places = (times[-1] - 0.01 * (len(track) - 1)) / 2 + 0.01 * np.arange(len(track))
    voiced = track > 0
    assert voiced.mean() > 0.95
    cents = 1200 * np.log2(track / np.interp(places, times, truth), where=voiced, out=np.zeros(len(track)))
    assert np.abs(cents).max() < 200
    assert pitch_errors(wave, noisy, RATE)["f0_rmse_cents"] < 50


def test_voicing_is_compared_frame_by_frame() -> None:
    voiced, unvoiced = pulses(120), noise()
    errors = pitch_errors(voiced, unvoiced, RATE)
    assert errors["vuv_error"] > 0.95
    assert np.isnan([errors["f0_rmse_hz"], errors["f0_rmse_cents"]]).all()
    half = np.concatenate([voiced, unvoiced])
    assert pitch_errors(half, np.concatenate([voiced, voiced]), RATE)["vuv_error"] == pytest.approx(0.5, abs=0.04)
    assert pitch_errors(half, half, RATE) == {"f0_rmse_hz": 0, "f0_rmse_cents": 0, "vuv_error": 0}


@settings(deadline=None, max_examples=15)
@given(f0=st.floats(80, 400), ratio=st.floats(0.75, 1.3), octaves=st.integers(-10, 3), seed=st.integers(0, 9))
def test_neither_order_nor_loudness_matters(f0: float, ratio: float, octaves: int, seed: int) -> None:
    a = np.concatenate([pulses(f0, 0.5), noise(0.3, seed)])
    b = np.concatenate([noise(0.2, seed), pulses(f0 * ratio, 0.7)])[: len(a)]
    errors = pitch_errors(a, b, RATE)
    assert pitch_errors(b, a, RATE) == pytest.approx(errors, rel=1e-9)
    # A power of two changes no rounding, which may decide a frame's voicing.
    assert pitch_errors(2.0**octaves * a, b, RATE) == pytest.approx(errors, rel=1e-9)


def test_silence_and_snippets_have_no_pitch() -> None:
    assert pitch_range([np.zeros(RATE), noise()], RATE) == WIDEST_RANGE
    assert not pitch_track(np.zeros(RATE), RATE, 60, 700).any()
    shortest = int(np.ceil(3 * RATE / 60))
    assert len(pitch_track(np.zeros(shortest), RATE, 60, 700)) == 1
    for length in (0, 1, shortest - 1):
        assert len(pitch_track(np.ones(length), RATE, 60, 700)) == 0
        assert np.isnan(list(pitch_errors(np.ones(length), np.ones(length), RATE).values())).all()


@pytest.mark.parametrize(
    ("length", "rate", "lowest"), [(2400, 48_000, 60.0), (1167, 73_899, 189.97172236503857), (400, 8000, 60.0)]
)
def test_exactly_three_periods_are_too_short(length: int, rate: int, lowest: float) -> None:
    assert len(pitch_track(noise()[:length], rate, lowest, 700.0)) == 0
    assert len(pitch_track(noise()[: length + 1], rate, lowest, 700.0)) == 1


def test_nothing_is_sought_above_nyquist() -> None:
    with pytest.raises(ValueError, match="Nyquist"):
        pitch_track(pulses(100), RATE, 60, RATE / 2 + 1)
    assert pitch_range([np.zeros(1000)], 1000) == (60, 500)
    tone = np.sin(2 * np.pi * 400 * np.arange(1000) / 1000)
    assert pitch_range([tone], 1000)[1] <= 500


def test_without_praat_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "parselmouth", None)
    assert pitch_errors(pulses(100), pulses(100), RATE) == {}


@pytest.mark.parametrize("seconds", [0.2, 0.513, 1.0])
def test_times_are_those_of_praats_frames(seconds: float) -> None:
    import parselmouth

    wave = pulses(120.0, seconds)
    sound = parselmouth.Sound(wave, sampling_frequency=RATE)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=60.0, pitch_ceiling=700.0)
    frames = len(pitch_track(wave, RATE, 60.0, 700.0))
    np.testing.assert_allclose(pitch_times(frames, len(wave) / RATE), pitch.xs(), atol=1e-9)
