"""Comparison of waves: values known beforehand, laws, and waves that measures are not defined for."""

from __future__ import annotations

import math
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.signal import lfilter

from rtmri2speech.metrics.waveform import compare_waves, mean_of, stft_distance
from rtmri2speech.signal import defaults
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.griffin_lim import griffin_lim
from rtmri2speech.signal.mel import mel_db

RATE = defaults.SAMPLE_RATE
STOI = ("stoi", "estoi")
SPECTRAL = (*STOI, "mrstft")


def speech(f0: float = 120.0, seconds: float = 3.0) -> np.ndarray:
    """Syllables: a buzz with gliding pitch through gliding formants, noise between them, pauses."""
    times = np.arange(round(seconds * RATE)) / RATE
    pitch = f0 * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * times))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros(len(times))
    for order in range(1, int(5000 / pitch.max()) + 1):
        height = sum(
            1 / (1 + ((order * pitch - formant) / 80) ** 2)
            for formant in (500 + 250 * np.sin(5 * times), 1500 + 600 * np.sin(7 * times + 1), 2600.0)
        )
        wave += height * np.cos(order * phase)
    hiss = 0.3 * lfilter([1, -0.9], [1], np.random.default_rng(1).standard_normal(len(times)))
    beat = np.sin(2 * np.pi * 3 * times)
    whole = np.clip(wave * (beat > 0) + hiss * ((beat < -0.3) & (beat > -0.9)), -5, 5)
    return 0.1 * whole + 1e-4 * np.random.default_rng(2).standard_normal(len(times))


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    return speech()


def with_noise(wave: np.ndarray, snr_db: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(wave))
    return wave + wave.std() * 10 ** (-snr_db / 20) * noise


def is_nan(values: dict[str, float], *names: str) -> bool:
    return all(math.isnan(values[name]) for name in names)


def fake_pesq(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[int, np.ndarray, np.ndarray, str]]:
    """Put a stand-in for the package in its place; its calls are the result."""
    calls = []

    class NoUtterancesError(RuntimeError):
        pass

    class BufferTooShortError(RuntimeError):
        pass

    def pesq(rate: int, reference: np.ndarray, degraded: np.ndarray, mode: str) -> float:
        calls.append((rate, reference, degraded, mode))
        value = answer(len(calls))
        if value is None:
            raise (NoUtterancesError, BufferTooShortError)[len(calls) % 2]
        return value

    module = ModuleType("pesq")
    module.__spec__ = ModuleSpec("pesq", None)
    vars(module).update(pesq=pesq, NoUtterancesError=NoUtterancesError, BufferTooShortError=BufferTooShortError)
    monkeypatch.setitem(sys.modules, "pesq", module)
    return calls


def test_equal_waves_are_as_near_as_can_be(wave: np.ndarray) -> None:
    values = compare_waves(wave, wave.astype(np.float64), RATE)
    assert values["stoi"] == pytest.approx(1, abs=1e-6) and values["estoi"] == pytest.approx(1, abs=1e-6)
    assert values["mrstft"] == 0
    assert all(values[name] == 0 for name in ("f0_rmse_hz", "f0_rmse_cents", "vuv_error") if name in values)
    assert all(type(value) is float for value in values.values())


def test_more_noise_is_worse(wave: np.ndarray) -> None:
    steps = [compare_waves(wave, with_noise(wave, snr), RATE) for snr in (40, 25, 10, -5)]
    for name in STOI:
        assert np.all(np.diff([values[name] for values in steps]) < 0)
    assert np.all(np.diff([values["mrstft"] for values in steps]) > 0)
    if "vuv_error" in steps[0]:
        assert steps[0]["vuv_error"] < 0.02 and steps[-1]["vuv_error"] > steps[0]["vuv_error"]


def test_copy_synthesis_by_griffin_lim_lies_between(wave: np.ndarray) -> None:
    features = FeatureConfig()
    values = compare_waves(wave, griffin_lim(mel_db(wave, features), features), RATE)
    unlike = compare_waves(wave, np.random.default_rng(0).standard_normal(len(wave)) * wave.std(), RATE)
    assert unlike["stoi"] + 0.2 < values["stoi"] < 0.95
    assert unlike["estoi"] + 0.2 < values["estoi"] < 0.95
    assert 0.5 < values["mrstft"] < unlike["mrstft"]


def test_loudness_matters_to_the_spectral_distance_only(wave: np.ndarray) -> None:
    values, quiet = compare_waves(wave, wave, RATE), compare_waves(wave, 0.5 * wave, RATE)
    assert quiet.pop("mrstft") == pytest.approx(0.5 + np.log(2), abs=0.1)
    values.pop("mrstft")
    assert quiet == pytest.approx(values, abs=5e-3)


def published_distance(reference: np.ndarray, synthesized: np.ndarray, sizes: tuple[int, ...]) -> tuple[float, float]:
    """Convergence and log distance as in the released code of Parallel WaveGAN."""
    parts = []
    for size in sizes:
        waves = torch.from_numpy(np.stack([reference, synthesized]))
        window = torch.hann_window(size, dtype=torch.float64)
        spectra = torch.stft(waves, size, size // 4, window=window, return_complex=True)
        true, found = spectra.abs().square().clamp(min=1e-7).sqrt()
        convergence = torch.linalg.norm(true - found) / torch.linalg.norm(true)
        parts.append((float(convergence), float(torch.nn.functional.l1_loss(true.log(), found.log()))))
    return tuple(np.mean(parts, axis=0))


@pytest.mark.parametrize(("rate", "sizes"), [(RATE, (256, 512, 1024)), (24_000, (512, 1024, 2048))])
def test_spectral_distance_is_the_published_one(wave: np.ndarray, rate: int, sizes: tuple[int, ...]) -> None:
    noisy = with_noise(wave, 15)
    assert stft_distance(wave, noisy, rate) == pytest.approx(published_distance(wave, noisy, sizes), rel=1e-9)


def test_spectral_distance_of_long_waves_is_made_of_blocks(monkeypatch: pytest.MonkeyPatch, wave: np.ndarray) -> None:
    whole = stft_distance(wave, with_noise(wave, 15), RATE)
    monkeypatch.setattr("rtmri2speech.metrics.waveform._BLOCK", 7)
    assert stft_distance(wave, with_noise(wave, 15), RATE) == pytest.approx(whole, rel=1e-12)


waves = hnp.arrays(np.float64, st.integers(1, 1500), elements=st.floats(-1, 1, width=32))


@settings(deadline=None, max_examples=60)
@given(a=waves, b=waves)
def test_spectral_distance_is_a_distance(a: np.ndarray, b: np.ndarray) -> None:
    a, b = a[: len(b)], b[: len(a)]
    convergence, logarithm = stft_distance(a, b, RATE)
    assert not a.any() or (convergence >= 0 and logarithm >= 0)
    assert not a.any() or stft_distance(a, a, RATE) == (0, 0)
    if a.any() and b.any():
        # Of the two parts the second does not tell which wave is the recorded one.
        assert stft_distance(b, a, RATE)[1] == pytest.approx(logarithm, rel=1e-12, abs=1e-300)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.01, 100), scale=st.floats(0.1, 10))
def test_spectral_distance_of_a_louder_wave(seed: int, factor: float, scale: float) -> None:
    # White noise of this loudness lies above the floor in every bin but a few.
    a = 1e3 * np.random.default_rng(seed).standard_normal(2000)
    convergence, logarithm = stft_distance(a, factor * a, RATE)
    assert convergence == pytest.approx(abs(1 - factor), rel=1e-6, abs=1e-9)
    assert logarithm == pytest.approx(abs(np.log(factor)), rel=1e-3, abs=1e-9)
    assert stft_distance(scale * a, scale * factor * a, RATE) == pytest.approx((convergence, logarithm), rel=1e-3)


def test_measuring_is_repeatable_and_leaves_chance_alone(wave: np.ndarray) -> None:
    noisy = with_noise(wave, 10)
    np.random.seed(5)
    first = compare_waves(wave, noisy, RATE)
    drawn = np.random.random()
    np.random.seed(5)
    assert drawn == np.random.random()
    np.random.seed(6)
    assert compare_waves(wave, noisy, RATE) == first


def test_silence_is_not_a_number_and_no_error(wave: np.ndarray) -> None:
    silence = np.zeros(len(wave))
    for reference in (silence, wave):
        values = compare_waves(reference, silence, RATE)
        assert is_nan(values, *(name for name in values if name.startswith(("f0", "pesq"))))
    assert is_nan(compare_waves(silence, silence, RATE), *SPECTRAL)
    assert is_nan(compare_waves(silence, wave, RATE), *SPECTRAL)
    # What falls silent is as bad as can be, not undefined.
    values = compare_waves(wave, silence, RATE)
    assert np.abs([values[name] for name in STOI]).max() < 0.02
    assert values["mrstft"] > 2


@pytest.mark.parametrize("length", [0, 1, 2, 50, 256, 300, 500, 700, 2000, 2900, 4000])
def test_very_short_waves(wave: np.ndarray, length: int) -> None:
    values = compare_waves(wave[RATE : RATE + length], wave[RATE : RATE + length], RATE)
    assert is_nan(values, *STOI)
    assert math.isnan(values["mrstft"]) if length == 0 else values["mrstft"] == 0
    assert "vuv_error" not in values or math.isnan(values["vuv_error"]) == (length < 3 * RATE / 60)


def test_lengths_may_differ_by_less_than_a_frame(wave: np.ndarray) -> None:
    hop = defaults.HOP_LENGTH
    for a, b in ((wave, wave[: 1 - hop]), (wave[: 1 - hop], wave)):
        assert compare_waves(a, b, RATE) == compare_waves(wave[: 1 - hop], wave[: 1 - hop], RATE)
    for a, b in ((wave, wave[:-hop]), (wave[:-hop], wave), (wave, wave[:0])):
        with pytest.raises(ValueError, match=str(hop)):
            compare_waves(a, b, RATE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_refused(wave: np.ndarray, value: float) -> None:
    broken = wave.copy()
    broken[100] = value
    with pytest.raises(ValueError, match="synthesized"):
        compare_waves(wave, broken, RATE)
    with pytest.raises(ValueError, match="reference"):
        compare_waves(broken, wave, RATE)


def test_waves_have_one_dimension(wave: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"shape \(1, "):
        compare_waves(wave, wave[None], RATE)


def test_pesq_hears_16_khz(monkeypatch: pytest.MonkeyPatch, wave: np.ndarray) -> None:
    calls = fake_pesq(monkeypatch, lambda _: 3.5)
    assert compare_waves(wave, with_noise(wave, 20), RATE)["pesq_wb"] == 3.5
    ((rate, reference, degraded, mode),) = calls
    assert (rate, mode) == (16_000, "wb")
    assert len(reference) == len(degraded) == pytest.approx(3 * 16_000, abs=2)
    assert not np.array_equal(reference, degraded)
    power = np.abs(np.fft.rfft(reference)) ** 2
    above = np.fft.rfftfreq(len(reference), 1 / 16_000) > RATE / 2
    assert power[above].sum() < 1e-6 * power.sum()


def test_pesq_of_long_waves_is_the_mean_of_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).standard_normal(40 * RATE)
    calls = fake_pesq(monkeypatch, lambda call: {1: 1.0, 2: None, 3: 2.0}[call])
    assert compare_waves(noise, noise, RATE)["pesq_wb"] == 1.5
    assert all(len(reference) <= 16 * 16_000 for _, reference, _, _ in calls)


def test_pesq_without_speech_is_not_a_number(monkeypatch: pytest.MonkeyPatch, wave: np.ndarray) -> None:
    fake_pesq(monkeypatch, lambda _: None)
    for _ in range(2):
        assert math.isnan(compare_waves(wave, wave, RATE)["pesq_wb"])


def test_pesq_of_the_package(wave: np.ndarray) -> None:
    pytest.importorskip("pesq", reason="pesq is not installed")
    values = [
        compare_waves(wave, other, RATE)["pesq_wb"] for other in (wave, with_noise(wave, 40), with_noise(wave, 5))
    ]
    assert values[0] == pytest.approx(4.64, abs=0.01)
    assert np.all(np.diff(values) < -0.2) and values[-1] < 1.5
    # More bursts than the package has room for.
    burst = np.concatenate([0.3 * np.random.default_rng(0).standard_normal(RATE // 4), np.zeros(RATE // 4)])
    bursts = np.tile(burst, 100)
    assert 1 < compare_waves(bursts, with_noise(bursts, 30), RATE)["pesq_wb"] < 4.6


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch, wave: np.ndarray) -> None:
    for name in ("pesq", "parselmouth"):
        monkeypatch.setitem(sys.modules, name, None)
    assert set(compare_waves(wave, wave, RATE)) == set(SPECTRAL)


def test_means_ignore_what_is_not_a_number() -> None:
    nan = float("nan")
    means = mean_of([{"a": 1.0, "b": nan, "c": nan}, {"a": 3.0, "b": 2.0, "c": nan}, {"a": nan, "d": 0.25}])
    assert list(means) == ["a", "b", "c", "d"]
    assert (means["a"], means["b"], means["d"]) == (2.0, 2.0, 0.25) and math.isnan(means["c"])
    assert mean_of([]) == {}


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.integers(0, 5))
def test_mean_is_that_of_the_numbers(values: list[float], missing: int) -> None:
    measures = [{"a": value} for value in values] + [{"a": float("nan")}, {}] * missing
    assert mean_of(measures)["a"] == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
