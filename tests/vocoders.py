"""Generators for tests: of any geometry, and with weights that make every layer heard."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import nn

from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig


@st.composite
def geometries(draw: st.DrawFn) -> VocoderConfig:
    stages = draw(st.integers(1, 3))
    rates = draw(st.lists(st.integers(1, 5), min_size=stages, max_size=stages))
    extra = draw(st.lists(st.integers(0, 3), min_size=stages, max_size=stages))
    blocks = draw(st.lists(st.tuples(st.sampled_from([1, 3, 5]), st.integers(1, 3)), min_size=1, max_size=2))
    return VocoderConfig(
        upsample_rates=tuple(rates),
        upsample_kernels=tuple(rate + 2 * more for rate, more in zip(rates, extra, strict=True)),
        initial_channels=2**stages * draw(st.integers(1, 2)),
        resblock_kernels=tuple(kernel for kernel, _ in blocks),
        resblock_dilations=tuple((1, dilation) for _, dilation in blocks),
    )


def audible(config: VocoderConfig, n_mels: int, seed: int = 0) -> Generator:
    """A generator whose every layer matters, in float64 so that equality can be asked for."""
    torch.manual_seed(seed)
    model = Generator(config, n_mels).double().eval()
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, nn.Conv1d | nn.ConvTranspose1d):
                part.weight.normal_(0, 0.5 / (part.weight[0].numel() ** 0.5))
    return model
