"""Discriminators: shapes, sizes, names of released checkpoints."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rtmri2speech.models.vocoder.discriminators import (
    DiscriminatorName,
    MultiPeriodDiscriminator,
    MultiResolutionDiscriminator,
    MultiScaleDiscriminator,
    PeriodDiscriminator,
    ResolutionDiscriminator,
    ScaleDiscriminator,
    build_discriminator,
)


@pytest.mark.parametrize("samples", [64, 420, 421])
def test_period_shapes(samples: int) -> None:
    logits, maps = MultiPeriodDiscriminator(divisor=64)(torch.randn(2, samples))
    assert len(logits) == len(maps) == 5
    for period, judged, layers in zip((2, 3, 5, 7, 11), logits, maps, strict=True):
        assert judged.shape[0] == 2 and judged.shape[1] % period == 0
        assert len(layers) == 6 and layers[0].shape[:2] == (2, 1) and layers[0].shape[3] == period
        assert torch.equal(layers[-1].flatten(1), judged)


def test_period_padding_reflects() -> None:
    model = PeriodDiscriminator(5, divisor=64)
    wave = torch.randn(1, 13)
    padded = torch.cat([wave, wave[:, [-2, -3]]], dim=1)
    assert torch.equal(model(wave)[0], model(padded)[0])


@pytest.mark.parametrize("samples", [64, 420, 421])
def test_scale_shapes(samples: int) -> None:
    logits, maps = MultiScaleDiscriminator(divisor=32)(torch.randn(2, samples))
    assert len(logits) == len(maps) == 3
    length = samples
    for judged, layers in zip(logits, maps, strict=True):
        assert judged.shape[0] == 2 and len(layers) == 8
        assert layers[0].shape == (2, 4, length)
        assert torch.equal(layers[-1].flatten(1), judged)
        length = length // 2 + 1


@pytest.mark.parametrize("divisor", [1, 8, 128])
def test_divisor_keeps_groups_possible(divisor: int) -> None:
    model = ScaleDiscriminator(spectral=False, divisor=divisor)
    groups = [conv.groups for conv in model.convs]
    assert divisor > 8 or groups == [1, 4, 16, 16, 16, 16, 1]


def test_full_size_is_the_papers() -> None:
    def weights(module: nn.Module) -> int:
        return sum(value.numel() for name, value in module.named_parameters() if "original0" not in name)

    # Counted from the released layers: sum of in * out * kernel / groups, and the biases.
    period = 1 * 32 * 5 + 32 * 128 * 5 + 128 * 512 * 5 + 512 * 1024 * 5 + 1024 * 1024 * 5 + 1024 * 3
    assert weights(PeriodDiscriminator(2)) == period + 32 + 128 + 512 + 1024 + 1024 + 1
    scale = 128 * 15 + 128 * 32 * 41 + 256 * 8 * 41 + 512 * 16 * 41 + 1024 * 32 * 41 + 1024 * 64 * 41
    scale += 1024 * 1024 * 5 + 1024 * 3
    assert weights(ScaleDiscriminator(spectral=False)) == scale + 128 + 128 + 256 + 512 + 3 * 1024 + 1


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning", "ignore:.*spectral_norm.*:FutureWarning")
def test_names_of_released_checkpoints_load() -> None:
    released = nn.Module()
    released.discriminators = nn.ModuleList()
    wave = torch.randn(1, 200)
    ours = MultiScaleDiscriminator(divisor=64).eval()
    for index, part in enumerate(ours.discriminators):
        old = nn.utils.spectral_norm if index == 0 else nn.utils.weight_norm
        copy = nn.Module()
        copy.convs = nn.ModuleList(
            old(nn.Conv1d(conv.in_channels, conv.out_channels, conv.kernel_size, groups=conv.groups))
            for conv in part.convs  # type: ignore[union-attr]
        )
        copy.conv_post = old(nn.Conv1d(part.conv_post.in_channels, 1, 3))  # type: ignore[union-attr, arg-type]
        released.discriminators.append(copy)
    before = ours(wave)[0]
    ours.load_state_dict(released.state_dict(), strict=True)
    assert not torch.equal(before[0], ours(wave)[0][0])
    weights = released.state_dict()["discriminators.1.convs.3.weight_v"]
    assert torch.equal(ours.state_dict()["discriminators.1.convs.3.parametrizations.weight.original1"], weights)

    period = MultiPeriodDiscriminator(divisor=64)
    old_names = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value + 1
        for name, value in period.state_dict().items()
    }
    period.load_state_dict(old_names, strict=True)


def test_gradients_reach_the_waveform() -> None:
    for model in (MultiPeriodDiscriminator(divisor=64), MultiScaleDiscriminator(divisor=64)):
        wave = torch.randn(1, 100, requires_grad=True)
        sum(part.sum() for part in model(wave)[0]).backward()
        assert wave.grad is not None and bool((wave.grad != 0).any())


@pytest.mark.parametrize("samples", [1024, 8400])
def test_resolution_shapes(samples: int) -> None:
    logits, maps = MultiResolutionDiscriminator(divisor=8)(torch.randn(2, samples))
    assert len(logits) == len(maps) == 3
    for n_fft, judged, layers in zip((1024, 512, 256), logits, maps, strict=True):
        frames = samples * 4 // n_fft + 1
        assert judged.shape[0] == 2 and len(layers) == 6
        assert layers[0].shape == (2, 4, frames, n_fft // 2 + 1)
        assert torch.equal(layers[-1].flatten(1), judged)


def test_resolution_sees_a_tone_where_it_is() -> None:
    model = ResolutionDiscriminator(256, divisor=32)
    with torch.no_grad():  # one channel that passes the magnitude on
        model.convs = nn.ModuleList()
    tone = torch.sin(2 * torch.pi * 32 / 256 * torch.arange(2048))[None]
    seen: list[torch.Tensor] = []
    model.conv_post.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model(tone)
    assert seen[0].shape[2:] == (2048 // 64 + 1, 129) and int(seen[0][0, 0, 16].argmax()) == 32


def test_resolution_has_gradients_in_silence() -> None:
    wave = torch.zeros(1, 2048, requires_grad=True)
    logits, _ = MultiResolutionDiscriminator(divisor=8)(wave)
    torch.stack([value.sum() for value in logits]).sum().backward()
    assert wave.grad is not None and bool(torch.isfinite(wave.grad).all())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("period", MultiPeriodDiscriminator),
        ("scale", MultiScaleDiscriminator),
        ("resolution", MultiResolutionDiscriminator),
    ],
)
def test_families_by_name(name: DiscriminatorName, kind: type[nn.Module]) -> None:
    assert isinstance(build_discriminator(name, 32), kind)
