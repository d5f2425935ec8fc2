"""Losses against plain loops, term by term."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import db_to_ln, mel_db, mel_ln
from rtmri2speech.training.losses import (
    TERMS,
    AcousticLoss,
    AcousticLossConfig,
    LossSums,
    absolute_errors,
    adversarial_loss,
    band_mae,
    discriminator_loss,
    feature_matching_loss,
    mel_l1,
)

MELS = FeatureConfig().n_mels
BAND_WEIGHTS = [2.0] * 6 + [3.0] * 10 + [2.4] * 16 + [1.6] * 16 + [1.8] * 16
FRAME_WEIGHTS = [1.6, 1.45, 1.3, 1.2, 1.15, 1.1, 1.05, 1.02]


def by_hand(pred: np.ndarray, target: np.ndarray, mask: np.ndarray, r: float) -> dict[str, float]:
    """The memo's terms as loops over items, frames and bins."""
    items, frames, mels = pred.shape
    w_f = [(1 - r) + r * weight for weight in BAND_WEIGHTS]
    w_t = [(1 - r) + r * (FRAME_WEIGHTS[t] if t < len(FRAME_WEIGHTS) else 1.0) for t in range(frames)]
    d = pred - target
    sums = {name: [0.0, 0.0] for name in TERMS}

    def add(name: str, difference: float, weight: float) -> None:
        sums[name][0] += difference**2 * weight
        sums[name][1] += weight

    for b in range(items):
        valid = [t for t in range(frames) if mask[b, t]]
        for f in range(mels):
            for t in valid:
                add("mse", d[b, t, f], w_f[f] * w_t[t])
                if t >= 1 and mask[b, t - 1]:
                    add("delta", d[b, t, f] - d[b, t - 1, f], w_f[f] * w_t[t])
                if t >= 2 and mask[b, t - 1] and mask[b, t - 2]:
                    add("accel", d[b, t, f] - 2 * d[b, t - 1, f] + d[b, t - 2, f], w_f[f] * w_t[t])
            if valid:
                add("latest", d[b, valid[-1], f], w_f[f])
    return {name: top / bottom if bottom else 0.0 for name, (top, bottom) in sums.items()}


def case(frames: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pred, target = (torch.randn(3, frames, MELS, generator=generator) for _ in range(2))
    mask = torch.ones(3, frames)
    mask[1, frames // 2 :] = 0
    mask[2, 0] = 0
    return pred, target, mask


@pytest.mark.parametrize("frames", [2, 4, 11])
@pytest.mark.parametrize("step", [0, 30_000, 120_000, 500_000])
def test_terms_and_total_are_the_memos(frames: int, step: int) -> None:
    pred, target, mask = case(frames)
    total, terms = AcousticLoss(AcousticLossConfig(), MELS)(pred, target, mask, step)
    r = min(1.0, step / 120_000)
    expected = by_hand(pred.numpy().astype(float), target.numpy().astype(float), mask.numpy(), r)
    for name in TERMS:
        assert float(terms[name]) == pytest.approx(expected[name], rel=1e-4), name
    weighted = (
        expected["mse"]
        + (0.30 + 0.15 * r) * expected["delta"]
        + (0.10 + 0.05 * r) * expected["accel"]
        + (0.20 + 0.20 * r) * expected["latest"]
    )
    assert float(total) == pytest.approx(weighted, rel=1e-4)


def test_ramp_runs_from_0_to_1_and_stays() -> None:
    config = AcousticLossConfig()
    assert [config.ramp(step) for step in (0, 60_000, 120_000, 10**9)] == [0.0, 0.5, 1.0, 1.0]
    assert config.coefficients(0.0) == pytest.approx((1.0, 0.30, 0.10, 0.20))
    assert config.coefficients(1.0) == pytest.approx((1.0, 0.45, 0.15, 0.40))
    assert AcousticLossConfig(ramp_steps=0).ramp(0) == 1.0


def test_one_frame_has_no_differences() -> None:
    pred, target = torch.randn(2, 1, MELS), torch.randn(2, 1, MELS)
    total, terms = AcousticLoss(AcousticLossConfig(), MELS)(pred, target, torch.ones(2, 1), 0)
    assert float(terms["delta"]) == float(terms["accel"]) == 0.0
    assert float(total) == pytest.approx(1.2 * float(terms["mse"]), rel=1e-5)  # latest is the same frame


def test_an_empty_mask_gives_0_and_a_zero_gradient() -> None:
    pred = torch.randn(2, 4, MELS, requires_grad=True)
    total, _ = AcousticLoss(AcousticLossConfig(), MELS)(pred, torch.randn(2, 4, MELS), torch.zeros(2, 4), 7)
    total.backward()
    assert float(total.detach()) == 0.0
    assert pred.grad is not None and not pred.grad.any()


@pytest.mark.parametrize("value", [1e6, float("nan"), float("inf")])
def test_masked_frames_contribute_nothing(value: float) -> None:
    pred, target, mask = case(6)
    loss = AcousticLoss(AcousticLossConfig(), MELS)
    before, _ = loss(pred, target, mask, 60_000)
    spoilt = torch.where(mask[..., None] > 0, pred, value).requires_grad_()
    after, _ = loss(spoilt, target, mask, 60_000)
    after.backward()
    assert float(before) == pytest.approx(float(after.detach()), rel=1e-6)
    assert spoilt.grad is not None and spoilt.grad.isfinite().all() and not spoilt.grad[mask == 0].any()


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(1, 7),
    mask_bits=st.integers(0, 2**14 - 1),
    step=st.integers(0, 200_000),
    factor=st.floats(0.1, 10.0),
)
def test_loss_is_quadratic_and_sums_add_up(frames: int, mask_bits: int, step: int, factor: float) -> None:
    bits = [(mask_bits >> i) & 1 for i in range(2 * frames)]
    mask = torch.tensor(bits, dtype=torch.float32).reshape(2, frames)
    generator = torch.Generator().manual_seed(frames)
    error = torch.randn(2, frames, 8, generator=generator)
    zero = torch.zeros_like(error)
    loss = AcousticLoss(AcousticLossConfig(), 8)
    ramp = loss.config.ramp(step)
    total = float(loss(error, zero, mask, step)[0])
    assert total >= 0 and float(loss(zero, zero, mask, step)[0]) == 0
    assert float(loss(factor * error, zero, mask, step)[0]) == pytest.approx(factor**2 * total, rel=1e-4, abs=1e-6)
    parts = [loss.sums(error[i : i + 1], zero[i : i + 1], mask[i : i + 1], ramp) for i in range(2)]
    assert float(loss.combine(parts[0] + parts[1], ramp)[0]) == pytest.approx(total, rel=1e-4, abs=1e-6)


def test_micro_batches_over_the_whole_denominator_give_the_whole_loss() -> None:
    pred, target, mask = case(5)
    loss = AcousticLoss(AcousticLossConfig(), MELS)
    whole = loss.denominators(mask, 1.0)
    shares = [
        loss.combine(
            LossSums(loss.sums(pred[i : i + 1], target[i : i + 1], mask[i : i + 1], 1.0).numerators, whole), 1.0
        )
        for i in range(3)
    ]
    assert sum(float(share) for share, _ in shares) == pytest.approx(
        float(loss(pred, target, mask, 10**6)[0]), rel=1e-5
    )


def test_band_mae_is_in_db_over_frames_that_count() -> None:
    std = torch.linspace(1, 2, MELS)
    target = torch.zeros(1, 3, MELS)
    pred = torch.full((1, 3, MELS), 2.0)
    pred[0, 2] = 1e3
    errors, frames = absolute_errors(pred, target, torch.tensor([[1.0, 1.0, 0.0]]), std)
    assert float(frames) == 2
    mae = band_mae(errors / frames)
    assert list(mae) == ["f0", "f1", "f2", "f3", "high"]
    assert float(mae["f1"]) == pytest.approx(2 * float(std[6:16].mean()))


def test_adversarial_losses() -> None:
    real, fake = (
        [torch.tensor([[0.5, 1.0]]), torch.tensor([[2.0]])],
        [torch.tensor([[0.5, 0.0]]), torch.tensor([[1.0]])],
    )
    assert float(discriminator_loss(real, fake)) == pytest.approx((0.125 + 0.125) + (1.0 + 1.0))
    assert float(adversarial_loss(fake)) == pytest.approx(0.625 + 0.0)


def test_feature_matching_leaves_the_real_side_alone() -> None:
    real = [[torch.ones(1, 2, requires_grad=True), torch.zeros(1, 1)], [torch.zeros(1, 4)]]
    fake = [[torch.zeros(1, 2, requires_grad=True), torch.full((1, 1), 3.0)], [torch.full((1, 4), 0.5)]]
    loss = feature_matching_loss(real, fake)
    assert float(loss.detach()) == pytest.approx(1.0 + 3.0 + 0.5)
    loss.backward()
    assert real[0][0].grad is None and fake[0][0].grad is not None


def test_mel_l1_is_the_programs_mel_in_ln_power() -> None:
    features = FeatureConfig(sample_rate=2000, n_fft=128, win_length=128, hop_length=40, n_mels=16)
    one, other = torch.randn(2, 400), torch.zeros(2, 400)
    torch.testing.assert_close(mel_ln(one, features), db_to_ln(mel_db(one, features)), rtol=1e-4, atol=1e-4)
    assert float(mel_ln(other, features).max()) == pytest.approx(np.log(features.floor))
    assert float(mel_l1(one, one, features)) == 0
    silent = other.clone().requires_grad_()
    mel_l1(silent, one, features).backward()
    assert silent.grad is not None and silent.grad.isfinite().all()
