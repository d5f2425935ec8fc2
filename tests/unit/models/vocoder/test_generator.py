"""Vocoder: geometry, pieces equal to the whole, weight norm."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rtmri2speech.errors import ConfigError
from rtmri2speech.models.vocoder.generator import (
    Generator,
    VocoderConfig,
    add_weight_norm,
    plain_weights,
)
from rtmri2speech.signal.features import FeatureConfig
from vocoders import audible, geometries


@given(config=geometries(), frames=st.integers(1, 9), batch=st.integers(1, 2))
@settings(max_examples=30, deadline=None)
def test_length_is_frames_times_hop(config: VocoderConfig, frames: int, batch: int) -> None:
    with torch.inference_mode():
        wave = Generator(config, 3)(torch.randn(batch, 3, frames))
    assert wave.shape == (batch, frames * config.hop_length)
    assert float(wave.abs().max()) <= 1


@given(config=geometries(), frames=st.integers(1, 40), chunk=st.integers(1, 15))
@settings(max_examples=30, deadline=None)
def test_pieces_equal_the_whole(config: VocoderConfig, frames: int, chunk: int) -> None:
    model = audible(config, 3)
    mel = torch.randn(3, frames, dtype=torch.float64)
    with torch.inference_mode():
        whole = model(mel[None])[0]
    pieces = list(model.generate(mel, chunk_frames=chunk))
    assert [len(piece) for piece in pieces[:-1]] == [chunk * config.hop_length] * (len(pieces) - 1)
    torch.testing.assert_close(torch.cat(pieces), whole, atol=1e-9, rtol=0)


@given(config=geometries())
@settings(max_examples=30, deadline=None)
def test_context_is_exact(config: VocoderConfig) -> None:
    """The gradient of one frame's samples reaches exactly ``context_frames`` mel frames away."""
    around = config.context_frames
    model = audible(config, 1)
    mel = torch.randn(1, 1, 2 * around + 5, dtype=torch.float64, requires_grad=True)
    middle = around + 2
    wave = model(mel)[0, middle * config.hop_length : (middle + 1) * config.hop_length]
    (gradient,) = torch.autograd.grad(wave, mel, torch.rand_like(wave) + 0.5)
    reached = gradient[0, 0].nonzero().flatten()
    assert max(middle - int(reached[0]), int(reached[-1]) - middle) == around


def test_default_geometry() -> None:
    config, features = VocoderConfig(), FeatureConfig()
    model = Generator(config, features.n_mels)
    # The paper's V1 has 13.9 M; the longer upsampling kernels add half a million.
    upsampling = 512 * 256 * 20 + 256 * 128 * 15 + 128 * 64 * 7 + 64 * 32 * 4 + 256 + 128 + 64 + 32
    residual = sum(6 * (width * width * (3 + 7 + 11) + 3 * width) for width in (256, 128, 64, 32))
    edges = 64 * 512 * 7 + 512 + 32 * 7 + 1
    assert sum(part.numel() for part in model.parameters()) == upsampling + residual + edges == 14_384_769
    assert model.hop_length == config.hop_length == features.hop_length
    with torch.inference_mode():
        assert model(torch.zeros(1, features.n_mels, 20)).shape == (1, 8400)
    assert config.context_frames == 11


def test_default_geometry_pieces_equal_the_whole() -> None:
    # The default rates and kernels with few channels.
    model = audible(VocoderConfig(initial_channels=16), 4)
    mel = torch.randn(4, 60, dtype=torch.float64)
    with torch.inference_mode():
        whole = model(mel[None])[0]
    for context in (None, 12):
        wave = torch.cat(list(model.generate(mel, chunk_frames=16, context=context)))
        torch.testing.assert_close(wave, whole, atol=1e-9, rtol=0)


def test_generate_leaves_gradients_on_for_the_caller(generator: Generator) -> None:
    for _ in generator.generate(torch.randn(5, 20), chunk_frames=8):
        assert not torch.is_inference_mode_enabled()
    with pytest.raises(ValueError, match="chunk_frames"):
        next(generator.generate(torch.randn(5, 20), chunk_frames=0))
    assert list(generator.generate(torch.randn(5, 0))) == []


@torch.inference_mode()
def test_weight_norm_round_trip(generator: Generator) -> None:
    mel = torch.randn(1, 5, 12)
    before, names = generator(mel), generator.state_dict().keys()
    normed = copy.deepcopy(generator)
    add_weight_norm(normed)
    convolutions = [part for part in generator.modules() if isinstance(part, nn.Conv1d | nn.ConvTranspose1d)]
    assert sum("original0" in name for name in normed.state_dict()) == len(convolutions)
    torch.testing.assert_close(normed(mel), before, atol=1e-6, rtol=0)
    add_weight_norm(normed)  # twice is once

    plain = plain_weights(normed.state_dict())
    assert plain.keys() == names
    for name, value in generator.state_dict().items():
        torch.testing.assert_close(plain[name], value, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1e-30])  # the squares of the other one are below float32's range
def test_weight_norm_of_a_channel_of_zeros(generator: Generator, value: float) -> None:
    mel = torch.randn(1, 5, 12)
    with torch.no_grad():
        for row, name in enumerate(("conv_pre", "ups.0", "resblocks.0.convs1.0")):
            generator.get_submodule(name).weight[row] = value  # type: ignore[operator, index]
        before = generator(mel)
    add_weight_norm(generator)
    after = generator(mel)
    torch.testing.assert_close(after, before, atol=1e-6, rtol=0)
    after.square().sum().backward()
    gradients = {name: one.grad for name, one in generator.named_parameters() if one.grad is not None}
    assert gradients and all(bool(one.isfinite().all()) for one in gradients.values())
    # Its length can be learned.
    assert float(gradients["conv_pre.parametrizations.weight.original0"][0]) != 0
    for name, plain in plain_weights(generator.state_dict()).items():
        assert bool(plain.isfinite().all()), name


@pytest.mark.parametrize("ends", [("weight_g", "weight_v"), ("parametrizations.weight.original0",) * 2])
def test_plain_weights_of_a_direction_of_zeros(ends: tuple[str, str]) -> None:
    length_name, direction_name = ends[0], ends[1].replace("original0", "original1")
    state = {f"c.{length_name}": torch.tensor([[[2.0]], [[3.0]]]), f"c.{direction_name}": torch.zeros(2, 1, 4)}
    state[f"c.{direction_name}"][0] = 1.0
    assert plain_weights(state)["c.weight"].tolist() == [[[1.0] * 4], [[0.0] * 4]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"upsample_rates": [10, 7, 3]}, "same number"),
        ({"upsample_kernels": [20, 15, 8, 4]}, "kernel 8 does not exceed its rate 3"),
        ({"upsample_kernels": [8, 15, 7, 4]}, "kernel 8 does not exceed its rate 10"),
        ({"initial_channels": 24}, "halved 4 times"),
        ({"resblock_kernels": [3, 7]}, "same number"),
        ({"resblock_kernels": [3, 7, 10]}, "odd"),
        ({"resblock_dilations": [[1], [1], []]}, "1 or more"),
    ],
)
def test_impossible_geometries(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        VocoderConfig.parse(values, "recipe")
