"""The vocoder's losses that need no discriminator."""

from __future__ import annotations

import math

import pytest
import torch

from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.losses import mel_l1
from rtmri2speech.training.recipes import VocoderLossConfig
from rtmri2speech.training.vocoder.mel_losses import MelLosses

FEATURES = FeatureConfig()
WEIGHTS = VocoderLossConfig(mel=45.0, multi_scale_mel=15.0)


def noise(seed: int) -> torch.Tensor:
    return 0.1 * torch.randn(2, 8400, generator=torch.Generator().manual_seed(seed))


def test_only_what_has_a_weight_is_computed() -> None:
    memo = MelLosses(VocoderLossConfig(), FEATURES)
    assert memo.weights == {"train/mel": 45.0} and memo(noise(0), noise(1)).keys() == memo.weights.keys()
    both = MelLosses(WEIGHTS, FEATURES)
    assert both.weights == {"train/mel": 45.0, "train/multi_scale_mel": 15.0}
    assert both(noise(0), noise(1)).keys() == both.weights.keys()


def test_half_as_loud_is_ln_2_of_magnitude_at_every_scale() -> None:
    found = MelLosses(WEIGHTS, FEATURES)(0.5 * noise(0), noise(0))
    assert float(found["train/multi_scale_mel"]) == pytest.approx(math.log(2.0), rel=1e-4)
    assert float(found["train/mel"]) == pytest.approx(2.0 * math.log(2.0), rel=1e-4)
    assert found["train/mel"] == mel_l1(0.5 * noise(0), noise(0), FEATURES)


def test_equal_waves_differ_in_nothing() -> None:
    assert all(float(value) == 0.0 for value in MelLosses(WEIGHTS, FEATURES)(noise(0), noise(0)).values())


def test_silence_has_gradients() -> None:
    wave = (1e-3 * noise(0)).requires_grad_()
    for value in MelLosses(WEIGHTS, FEATURES)(wave, torch.zeros_like(wave)).values():
        value.backward()
    assert wave.grad is not None and bool(torch.isfinite(wave.grad).all())


@pytest.mark.parametrize("n_fft", [128, 512])
def test_short_transforms_have_fewer_scales(n_fft: int) -> None:
    features = FeatureConfig(n_fft=n_fft, win_length=n_fft, hop_length=40, n_mels=8)
    found = MelLosses(WEIGHTS, features)(0.5 * noise(0), noise(0))
    assert float(found["train/multi_scale_mel"]) == pytest.approx(math.log(2.0), rel=1e-3)
