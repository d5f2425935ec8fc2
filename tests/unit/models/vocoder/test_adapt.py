"""Generators of other upsampling or another mel definition as a start: gains kept, bands matched, the rest refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rtmri2speech.errors import BundleError
from rtmri2speech.models.vocoder.adapt import MelInput, mel_estimate, remap_bands, resize_kernel, transfer
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.features import FeatureConfig, mel_filterbank, transform_window
from rtmri2speech.signal.mel import mel_power

RELEASED = FeatureConfig(
    sample_rate=22050, n_fft=1024, win_length=1024, hop_length=256, n_mels=80, fmax=8000.0, preemphasis=0.0
)
OURS = FeatureConfig()
STAGES = [(8, 16, 10, 20), (8, 16, 7, 15), (2, 4, 3, 7), (2, 4, 2, 4), (10, 20, 4, 4), (3, 3, 5, 9), (4, 10, 9, 9)]


def upsample(x: Tensor, kernel: Tensor, rate: int) -> Tensor:
    return F.conv_transpose1d(x, kernel, stride=rate, padding=(kernel.shape[-1] - rate) // 2)


@pytest.mark.parametrize(("rate", "kernel", "new_rate", "new_kernel"), STAGES)
def test_constant_stays_the_same_constant(rate: int, kernel: int, new_rate: int, new_kernel: int) -> None:
    weight = torch.randn(3, 2, kernel, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gain = torch.tensor([[0.5, -1.0], [0.0, 2.0], [3.0, 0.1]], dtype=torch.float64)
    for phase in range(rate):  # every sample of a frame hears taps that add up to the gain
        weight[..., phase::rate] += ((gain - weight[..., phase::rate].sum(-1)) / len(range(phase, kernel, rate)))[
            ..., None
        ]
    x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    expected = (x @ gain)[:, None]
    frames = x[None, :, None].expand(1, 3, 12)
    before = upsample(frames, weight, rate)[0, :, 4 * rate : -4 * rate]
    after = upsample(frames, resize_kernel(weight, rate, new_rate, new_kernel), new_rate)
    torch.testing.assert_close(before, expected.expand_as(before))
    inside = after[0, :, 4 * new_rate : -4 * new_rate]
    assert after.shape[-1] == 12 * new_rate
    torch.testing.assert_close(inside, expected.expand_as(inside))


@pytest.mark.parametrize(("rate", "kernel", "new_rate", "new_kernel"), STAGES[:3])
def test_what_moves_slowly_stays_in_place(rate: int, kernel: int, new_rate: int, new_kernel: int) -> None:
    taps = (torch.arange(kernel) - (kernel - 1) / 2) / rate
    triangle = (1 - taps.abs()).clamp(min=0)[None, None]  # interpolates linearly between frames
    frames = torch.sin(torch.arange(30) * 0.3)[None, None]
    new = upsample(frames, resize_kernel(triangle, rate, new_rate, new_kernel), new_rate)[0, 0]
    places = (torch.arange(30 * new_rate) + 0.5) / new_rate - 0.5
    inside = slice(3 * new_rate, -3 * new_rate)
    # Linear interpolation itself errs by 0.3^2 / 8; the triangle's clipped tip at rate 2 by more.
    torch.testing.assert_close(new[inside], torch.sin(places * 0.3)[inside], atol=0.03, rtol=0)


def test_kernel_of_the_same_rate_is_the_same() -> None:
    weight = torch.randn(4, 3, 7)
    assert torch.equal(resize_kernel(weight, 3, 3, 7), weight)
    assert torch.equal(resize_kernel(weight, 3, 3, 9)[..., 1:-1], weight)


def test_same_definition_is_heard_as_it_is() -> None:
    for features in (OURS, RELEASED):
        bands, shift = mel_estimate(MelInput(features), features)
        assert np.array_equal(bands, np.eye(features.n_mels)) and not shift.any()
    half, _ = mel_estimate(MelInput(RELEASED, magnitude=True), RELEASED)
    assert np.array_equal(half, 0.5 * np.eye(80))


def test_level_of_white_noise() -> None:
    white = np.random.default_rng(0).normal(size=OURS.hop_length * 400)
    heard = np.log(mel_power(white, OURS).mean(0))
    np.testing.assert_allclose(heard[2:], MelInput(OURS).noise_level()[2:], atol=0.25)
    assert abs((heard - MelInput(OURS).noise_level()).mean()) < 0.05


def test_noise_is_estimated_without_error() -> None:
    # Noise that falls towards high frequencies, heard sample for sample by both definitions.
    white = np.random.default_rng(0).normal(size=OURS.hop_length * 400)
    sound = np.convolve(white, np.hanning(5))[: len(white)] * 0.1
    bands, shift = mel_estimate(MelInput(RELEASED, magnitude=True), OURS)
    ours = np.log(mel_power(sound, OURS)).mean(0)
    cuts = np.lib.stride_tricks.sliding_window_view(sound, RELEASED.n_fft)[:: RELEASED.hop_length]
    magnitude = np.abs(np.fft.rfft(cuts * transform_window(RELEASED)))
    theirs = np.log(magnitude @ mel_filterbank(RELEASED).T).mean(0)
    error = bands @ ours + shift - theirs
    assert np.abs(error).max() < 0.2 and abs(error.mean()) < 0.05
    # The definitions themselves are far apart.
    assert np.abs(0.5 * np.interp(np.linspace(0, 63, 80), np.arange(64), ours) - theirs).max() > 0.8


def test_bands_are_matched_at_the_same_place_of_the_spectrum() -> None:
    bands, _ = mel_estimate(MelInput(RELEASED, magnitude=True), OURS)
    np.testing.assert_allclose(bands.sum(1), 0.5)
    assert ((bands > 0).sum(1) <= 2).all()
    cycles = bands / 0.5 @ (OURS.mel_centers() / OURS.sample_rate)
    np.testing.assert_allclose(cycles, RELEASED.mel_centers() / RELEASED.sample_rate, rtol=0.01, atol=2e-3)
    # Below our first band takes that; above the source's last one nothing is heard.
    assert bands[0, 0] == 0.5
    silent = OURS.mel_centers() / OURS.sample_rate > 1.1 * RELEASED.top / RELEASED.sample_rate
    assert silent.any() and not bands[:, silent].any()


def test_narrow_bands_are_all_heard() -> None:
    few = OURS.model_copy(update={"n_mels": 16})
    bands, _ = mel_estimate(MelInput(few), OURS)
    np.testing.assert_allclose(bands.sum(1), 1)
    # All but those above the center of the highest and its reach.
    assert bands[:, :60].any(0).all()
    one, shift = mel_estimate(MelInput(OURS.model_copy(update={"n_mels": 1})), few)
    assert one.shape == (1, 16) and np.isfinite(shift).all()


def test_empty_filters_have_the_level_of_the_floor() -> None:
    narrow = FeatureConfig(sample_rate=8000, n_fft=64, win_length=64, hop_length=16, n_mels=80)
    assert (mel_filterbank(narrow).sum(1) == 0).any()
    assert np.isfinite(MelInput(narrow).noise_level()).all()
    assert MelInput(narrow, magnitude=True).noise_level().min() == pytest.approx(np.log(1e-5))


def test_first_convolution_hears_the_estimate() -> None:
    convolution = nn.Conv1d(80, 6, 7, padding=3)
    bands, shift = mel_estimate(MelInput(RELEASED, magnitude=True), OURS)
    y = torch.randn(1, 64, 20) * 3 - 5
    x = (torch.from_numpy(bands) @ y.double() + torch.from_numpy(shift)[:, None]).float()
    assert convolution.bias is not None
    weight, bias = remap_bands(convolution.weight.detach(), convolution.bias.detach(), bands, shift)
    with torch.inference_mode():
        expected = convolution(x)[..., 3:-3]
        torch.testing.assert_close(F.conv1d(y, weight, bias), expected, atol=1e-4, rtol=1e-4)


def test_same_geometry_and_definition(generator: Generator, features: FeatureConfig) -> None:
    target = Generator(generator.config, features.n_mels)
    notes = transfer(generator, MelInput(features), target, features, "g")
    for name, value in generator.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name
    assert notes == ["copied: residual blocks and last convolution, upsampling 1, upsampling 2, first convolution"]


def test_other_geometry_and_definition(
    generator: Generator, features: FeatureConfig, vocoder_config: VocoderConfig
) -> None:
    ours = FeatureConfig(sample_rate=1500, n_fft=64, win_length=64, hop_length=8, n_mels=7)
    changes = {"upsample_rates": (4, 2), "upsample_kernels": (8, 4), "resblock_dilations": ((1, 2), (1, 4))}
    target = Generator(vocoder_config.model_copy(update=changes), 7)
    notes = transfer(generator, MelInput(features, magnitude=True), target, ours, "g")
    before, after = generator.state_dict(), target.state_dict()
    for name, value in before.items():
        if name not in ("conv_pre.weight", "conv_pre.bias", "ups.0.weight"):
            assert torch.equal(after[name], value), name
    assert torch.equal(after["ups.0.weight"], resize_kernel(before["ups.0.weight"], 3, 4, 8))
    torch.testing.assert_close(after["conv_pre.weight"].sum(1), 0.5 * before["conv_pre.weight"].sum(1))
    assert not torch.equal(after["conv_pre.bias"], before["conv_pre.bias"])
    assert target(torch.randn(1, 7, 5)).shape == (1, 40)
    assert notes[0].startswith("copied: residual blocks and last convolution; the blocks were trained with dilations")
    assert notes[0].endswith("upsampling 2")
    assert notes[1] == "resized: upsampling 1, rate 3 kernel 5 to rate 4 kernel 8"
    assert notes[2].startswith("remapped: first convolution, from 5 mel bands of ln magnitude to 1000 Hz at 2000 Hz")
    assert "to 7 mel bands of ln power to 750 Hz at 1500 Hz, pre-emphasis 0.97, matched by frequency" in notes[2]
    assert torch.equal(before["ups.0.weight"], generator.state_dict()["ups.0.weight"])


def test_longer_kernel_at_the_same_rate(
    generator: Generator, features: FeatureConfig, vocoder_config: VocoderConfig
) -> None:
    target = Generator(vocoder_config.model_copy(update={"upsample_kernels": (7, 4)}), features.n_mels)
    notes = transfer(generator, MelInput(features), target, features, "g")
    assert notes[1:] == ["resized: upsampling 1, rate 3 kernel 5 to rate 3 kernel 7"]
    mel = torch.randn(1, features.n_mels, 9)
    with torch.inference_mode():
        torch.testing.assert_close(target(mel), generator(mel))  # its new outer taps are zero


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"upsample_rates": (6,), "upsample_kernels": (12,)},
            r"upsample_rates: \[3, 2\] against \[6\] \(2 stages against 1\)",
        ),
        ({"initial_channels": 16}, "initial_channels: 8 against 16"),
        ({"resblock_kernels": (3, 7)}, r"resblock_kernels: \(3, 5\) against \(3, 7\)"),
        (
            {"resblock_dilations": ((1,), (1,))},
            r"resblock_dilations: \(\(1, 2\), \(1, 3\)\) against \(\(1,\), \(1,\)\)",
        ),
        (
            {"resblock_kernels": (3,), "resblock_dilations": ((1, 2),), "initial_channels": 4},
            r"initial_channels: 8 against 4; resblock_kernels: \(3, 5\) against \(3,\)",
        ),
    ],
)
def test_refusals_name_the_fields(
    generator: Generator,
    features: FeatureConfig,
    vocoder_config: VocoderConfig,
    changes: dict[str, object],
    message: str,
) -> None:
    target = Generator(VocoderConfig(**{**vocoder_config.model_dump(), **changes}), features.n_mels)
    before = {name: value.clone() for name, value in target.state_dict().items()}
    with pytest.raises(BundleError, match=message) as caught:
        transfer(generator, MelInput(features), target, features, "g_1")
    assert caught.value.problem.startswith("g_1: ") and "\n" not in caught.value.problem
    assert all(torch.equal(before[name], value) for name, value in target.state_dict().items())
