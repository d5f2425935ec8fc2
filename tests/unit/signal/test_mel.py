from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtmri2speech.errors import UserError
from rtmri2speech.signal import mel
from rtmri2speech.signal.features import FeatureConfig, mel_filterbank, transform_window
from rtmri2speech.signal.mel import DB_PER_NEPER, db_to_ln, ln_to_db, mel_db, mel_power, preemphasize

MEMO = FeatureConfig()
HOP = MEMO.hop_length


def noise(n: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(n, generator=torch.Generator().manual_seed(seed))


def same(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return array


both_libraries = pytest.mark.parametrize("library", [same, torch.from_numpy], ids=["numpy", "torch"])


@both_libraries
def test_golden_array(golden: dict[str, NDArray[np.float32]], library: Callable[[Any], Any]) -> None:
    ours = np.asarray(mel_db(library(golden["signal"]), MEMO))
    assert ours.dtype == np.float32
    assert ours.shape == golden["mel_db"].shape == (len(golden["signal"]) // HOP, 64)
    assert np.abs(ours - golden["mel_db"]).max() < 1e-3
    # The signal reaches both the floor's neighbourhood and full scale, so that the comparison means something.
    assert np.ptp(golden["mel_db"]) > 60


def test_golden_signal_is_the_makers(golden: dict[str, NDArray[np.float32]], maker: dict[str, Any]) -> None:
    assert np.abs(maker["golden_signal"]() - golden["signal"]).max() < 1e-6


@both_libraries
@pytest.mark.parametrize(
    "config",
    [
        MEMO,
        FeatureConfig(preemphasis=0.0, fmin=50.0, fmax=5000.0),
        FeatureConfig(sample_rate=16000, n_fft=1024, win_length=1024, hop_length=251, n_mels=40),
    ],
)
def test_live_librosa(
    golden: dict[str, NDArray[np.float32]],
    librosa_mel_db: Callable[..., NDArray[np.float64]],
    config: FeatureConfig,
    library: Callable[[Any], Any],
) -> None:
    signal = golden["signal"]
    theirs = librosa_mel_db(
        signal,
        rate=config.sample_rate,
        n_fft=config.n_fft,
        win=config.win_length,
        hop=config.hop_length,
        mels=config.n_mels,
        preemphasis=config.preemphasis,
        fmin=config.fmin,
        fmax=config.fmax,
    )
    ours = np.asarray(mel_db(library(signal), config))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-3


@both_libraries
def test_a_window_shorter_than_the_transform_is_centred_in_it(
    golden: dict[str, NDArray[np.float32]],
    librosa_mel_db: Callable[..., NDArray[np.float64]],
    library: Callable[[Any], Any],
) -> None:
    config = FeatureConfig(win_length=1200)
    # Double precision: the shorter window leaves parts of the chirp's spectrum below float32's rounding.
    ours = np.asarray(mel_db(library(golden["signal"].astype(np.float64)), config))
    assert np.abs(ours - librosa_mel_db(golden["signal"], win=1200)).max() < 1e-3


@settings(deadline=None, max_examples=60)
@given(st.integers(16, 300), st.data(), st.integers(1, 20), st.integers(0, 2000), st.sampled_from([0.0, 0.5, 0.97]))
def test_n_samples_give_n_over_hop_frames(
    n_fft: int, data: st.DataObject, mels: int, n: int, coefficient: float
) -> None:
    hop = data.draw(st.integers(2, n_fft))
    config = FeatureConfig(
        sample_rate=2000, n_fft=n_fft, win_length=n_fft, hop_length=hop, n_mels=mels, preemphasis=coefficient
    )
    if n < config.min_samples:
        with pytest.raises(UserError, match="too short"):
            mel_power(noise(n), config)
        return
    wave = noise(n)
    result = mel_db(wave, config)
    assert result.shape == (n // hop, mels)
    assert result.isfinite().all()
    assert np.abs(mel_db(wave.numpy(), config) - result.numpy()).max(initial=0.0) < 1e-3


@pytest.mark.parametrize("n", [815, 839, 840, 841, 1259, 1260, 11413, 12600])
def test_memo_clock_frame_count(n: int) -> None:
    assert len(mel_db(noise(n), MEMO)) == n // 420


def test_a_click_in_the_middle_of_a_video_frame_peaks_in_that_mel_frame() -> None:
    frames = 14
    for index in range(frames):
        wave = torch.zeros(frames * HOP)
        wave[index * HOP + HOP // 2] = 1.0
        energy = mel_power(wave, MEMO).sum(dim=1)
        assert int(energy.argmax()) == index
        # Equal on both sides, as far as neither side touches an edge: not a sample early or late.
        if 3 <= index < frames - 3:
            assert float(energy[index - 1]) == pytest.approx(float(energy[index + 1]), rel=0.02)


@pytest.mark.parametrize("shift", [1, 2, 7])
def test_a_shift_by_whole_hops_shifts_the_frames(shift: int) -> None:
    wave = noise(20 * HOP, seed=3)
    moved = torch.cat([noise(shift * HOP, seed=4), wave])
    ours, theirs = mel_db(wave, MEMO), mel_db(moved, MEMO)
    # Three frames at the edges see the reflection.
    assert torch.allclose(ours[3:-3], theirs[shift + 3 : -3], atol=1e-3)
    assert not torch.allclose(ours[3:-3], theirs[3 : len(ours) - 3], atol=1e-3)


def test_floor_does_not_move_with_the_clip() -> None:
    quiet = torch.zeros(30 * HOP)
    quiet[: 6 * HOP] = noise(6 * HOP)
    loud = quiet.clone()
    loud[: 6 * HOP] *= 1e4
    silent = slice(12, None)
    assert (mel_db(quiet, MEMO)[silent] == -100.0).all()
    assert (mel_db(loud, MEMO)[silent] == -100.0).all()
    assert float(mel_db(loud, MEMO).max()) > 40  # a range far beyond 80 dB


def test_decibels_and_nepers_differ_by_one_constant() -> None:
    assert pytest.approx(10 / math.log(10)) == DB_PER_NEPER
    wave = noise(10 * HOP)
    power = mel_power(wave, MEMO).double()
    assert torch.allclose(db_to_ln(mel_db(wave, MEMO)).double(), power.log(), atol=1e-5)
    values = torch.linspace(-100, 50, 31)
    assert torch.allclose(ln_to_db(db_to_ln(values)), values, atol=1e-4)


def rounding_of_float32(signal: NDArray[np.float32], config: FeatureConfig) -> NDArray[np.float64]:
    """Largest error of the mel spectrogram, (T, M), dB, that single precision explains.

    A transform of N points is wrong by u log2(N) of its root mean square in every value (Higham 2002, Accuracy and
    Stability of Numerical Algorithms, theorem 24.2, the error spread over all values), u = 2^-24, whatever the value's
    own size: e. A band's power P = sum w |X|^2 is then wrong by 2 e sum w |X| <= 2 e sqrt(P sum w) (Cauchy and
    Schwarz), so its level by 20 / ln(10) e sqrt(sum w / P). On top of that come u for each addend of the band, and the
    roundings of the level itself.
    """
    u = float(np.finfo(np.float32).eps) / 2
    wave = preemphasize(signal.astype(np.float64), config.preemphasis)
    padded = np.pad(wave, config.padding, "reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.n_fft)[:: config.hop_length]
    # Root mean square of the transform: the norm of the frame (Parseval).
    rms = np.linalg.norm(frames * transform_window(config), axis=1, keepdims=True)
    level = mel_db(signal.astype(np.float64), config)
    filters = mel_filterbank(config)
    error = u * math.log2(config.n_fft) * rms
    of_transform = 20 / math.log(10) * error * np.sqrt(filters.sum(axis=1) / 10 ** (level / 10))
    of_sum = 10 / math.log(10) * u * np.count_nonzero(filters, axis=1)
    return np.asarray(of_transform + of_sum + 2 * u * np.abs(level))


def test_arrays_and_tensors_give_the_same(golden: dict[str, NDArray[np.float32]]) -> None:
    signal = golden["signal"]
    ours, theirs = mel_db(signal, MEMO), mel_db(torch.from_numpy(signal), MEMO).numpy()
    allowed = rounding_of_float32(signal, MEMO)
    assert (np.abs(ours - theirs) < 2 * allowed).all(), "each is rounded"
    # The bound means something: 60 dB below the loudest band of a frame it still is a hundredth of a dB.
    audible = theirs > theirs.max(axis=1, keepdims=True) - 60
    assert allowed[audible].max() < 1e-2
    double = [mel_db(signal.astype(np.float64), MEMO), mel_db(torch.from_numpy(signal).double(), MEMO).numpy()]
    assert np.abs(double[0] - double[1]).max() < 1e-9
    assert np.array_equal(db_to_ln(ours), db_to_ln(torch.from_numpy(ours)).numpy())
    assert np.array_equal(ln_to_db(ours), ln_to_db(torch.from_numpy(ours)).numpy())


@both_libraries
def test_blocks_give_what_one_pass_gives(monkeypatch: pytest.MonkeyPatch, library: Callable[[Any], Any]) -> None:
    config = FeatureConfig(sample_rate=2000, n_fft=64, win_length=64, hop_length=16, n_mels=8)
    wave = library(noise(16 * 9000 + 5).numpy())  # more than two blocks of 4096 frames
    blocks = mel_db(wave, config)
    monkeypatch.setattr(mel, "_BLOCK", 10**9)
    whole = mel_db(wave, config)
    assert blocks.shape == whole.shape == (9000, 8)
    assert np.allclose(blocks, whole, atol=1e-4)


@both_libraries
def test_leading_dimensions_are_kept(library: Callable[[Any], Any]) -> None:
    wave = library(noise(2 * 3 * 6 * HOP).reshape(2, 3, -1).numpy())
    result = mel_db(wave, MEMO)
    assert result.shape == (2, 3, 6, 64)
    assert np.allclose(result[1, 2], mel_db(wave[1, 2], MEMO), atol=1e-3)


def test_preemphasis_is_the_difference_equation() -> None:
    wave = torch.tensor([1.0, 2.0, -1.0, 0.5])
    expected = [1.0, 2 - 0.97, -1 - 1.94, 0.5 + 0.97]
    assert np.allclose(preemphasize(wave, 0.97), expected) and np.allclose(preemphasize(wave.numpy(), 0.97), expected)


def test_gradient_reaches_every_sample() -> None:
    wave = noise(6 * HOP).requires_grad_()
    mel_db(wave, MEMO).sum().backward()
    assert wave.grad is not None and (wave.grad != 0).all()


def test_gradients_pass_also_after_a_first_call_without() -> None:
    config = FeatureConfig(n_mels=7)  # of this test alone: the constants are kept
    wave = torch.randn(4000)
    with torch.inference_mode():
        mel_power(wave, config)
    wave.requires_grad_()
    mel_power(wave, config).sum().backward()
    assert wave.grad is not None and bool(wave.grad.any())
