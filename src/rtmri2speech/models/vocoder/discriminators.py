"""Discriminators: HiFi-GAN's by period and by scale, UnivNet's by resolution; used in training only.

Sources: Kong, Kim and Bae 2020 (arXiv:2010.05646); Jang, Lim, Yoon, Kim and Kim 2021 (arXiv:2106.07889).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from rtmri2speech.models.vocoder.generator import SLOPE, add_weight_norm

DiscriminatorName = Literal["period", "scale", "resolution"]
"""A family of discriminators."""

DiscriminatorOutputs = tuple[list[Tensor], list[list[Tensor]]]
"""Logits (B, n) of each sub-discriminator, and the feature maps of each, its last layer included."""

_PERIODS = (2, 3, 5, 7, 11)
_SCALES = 3

# Output channels by layer, as in the released code.
_PERIOD_CHANNELS = (32, 128, 512, 1024, 1024)
# Output channels, kernel, stride, groups, padding by layer.
_SCALE_LAYERS = (
    (128, 15, 1, 1, 7),
    (128, 41, 2, 4, 20),
    (256, 41, 2, 16, 20),
    (512, 41, 4, 16, 20),
    (1024, 41, 4, 16, 20),
    (1024, 41, 1, 16, 20),
    (1024, 5, 1, 1, 2),
)
# Samples of a transform; its hop is a quarter of it. UnivNet's are for twice the sampling rate and more.
_RESOLUTIONS = (1024, 512, 256)
RESOLUTION_SAMPLES = max(_RESOLUTIONS) // 2 + 1
"""Samples that the resolution discriminators need at least."""
_RESOLUTION_CHANNELS = 32
# Kernel (time, frequency) and stride in frequency by layer.
_RESOLUTION_LAYERS = (((3, 9), 1), ((3, 9), 2), ((3, 9), 2), ((3, 9), 2), ((3, 3), 1))


class PeriodDiscriminator(nn.Module):
    """Looks at every ``period``-th sample: the waveform folded to (n / period, period).

    Args:
        period: samples per row.
        divisor: divides the number of channels; 1 is the paper's size.
    """

    def __init__(self, period: int, divisor: int = 1) -> None:
        super().__init__()
        self.period = period
        self.convs = nn.ModuleList()
        before = 1
        for layer, channels in enumerate(_PERIOD_CHANNELS):
            after = max(channels // divisor, 1)
            stride = 1 if layer == len(_PERIOD_CHANNELS) - 1 else 3
            self.convs.append(nn.Conv2d(before, after, (5, 1), (stride, 1), padding=(2, 0)))
            before = after
        self.conv_post = nn.Conv2d(before, 1, (3, 1), padding=(1, 0))
        add_weight_norm(self)

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Waveform (B, N) to logits (B, n) and feature maps."""
        missing = -wave.shape[-1] % self.period
        x = F.pad(wave[:, None], (0, missing), mode="reflect")
        return _discriminate(x.reshape(len(wave), 1, -1, self.period), self.convs, self.conv_post)


class ScaleDiscriminator(nn.Module):
    """Looks at the waveform through strided and grouped convolutions.

    Args:
        spectral: spectral norm (the unpooled scale) instead of weight norm.
        divisor: divides the number of channels; 1 is the paper's size.
    """

    def __init__(self, spectral: bool, divisor: int = 1) -> None:
        super().__init__()
        self.convs = nn.ModuleList()
        before = 1
        for channels, kernel, stride, groups, padding in _SCALE_LAYERS:
            after = max(channels // divisor, 1)
            shared = math.gcd(groups, before, after)  # narrow networks have fewer groups
            self.convs.append(nn.Conv1d(before, after, kernel, stride, padding=padding, groups=shared))
            before = after
        self.conv_post = nn.Conv1d(before, 1, 3, padding=1)
        if spectral:
            for conv in (*self.convs, self.conv_post):
                parametrizations.spectral_norm(conv)
                conv.register_load_state_dict_pre_hook(_rename_spectral)
        else:
            add_weight_norm(self)

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Waveform (B, N) to logits (B, n) and feature maps."""
        return _discriminate(wave[:, None], self.convs, self.conv_post)


class ResolutionDiscriminator(nn.Module):
    """Looks at the magnitudes of a short-time Fourier transform, as an image of time and frequency.

    Args:
        n_fft: samples of a transform.
        divisor: divides the number of channels; 1 is the paper's size.
    """

    window: Tensor

    def __init__(self, n_fft: int, divisor: int = 1) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        channels, before = max(_RESOLUTION_CHANNELS // divisor, 1), 1
        self.convs = nn.ModuleList()
        for kernel, stride in _RESOLUTION_LAYERS:
            padding = (kernel[0] // 2, kernel[1] // 2)
            self.convs.append(nn.Conv2d(before, channels, kernel, (1, stride), padding))
            before = channels
        self.conv_post = nn.Conv2d(before, 1, (3, 3), padding=(1, 1))
        add_weight_norm(self)

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Waveform (B, N) to logits (B, n) and feature maps."""
        with torch.autocast(wave.device.type, enabled=False):  # transforms need float32
            spectrum = torch.stft(wave.float(), self.n_fft, self.n_fft // 4, window=self.window, return_complex=True)
            # Not abs(), whose gradient at 0 is not a number in silence.
            magnitude = (spectrum.real.square() + spectrum.imag.square() + 1e-9).sqrt()
        return _discriminate(magnitude.transpose(1, 2)[:, None], self.convs, self.conv_post)


class _Family(nn.Module):
    """Discriminators that all look at the same waveform."""

    discriminators: nn.ModuleList

    def forward(self, wave: Tensor) -> DiscriminatorOutputs:
        """Waveform (B, N) to the outputs of every one."""
        outputs = [part(wave) for part in self.discriminators]
        return [logits for logits, _ in outputs], [maps for _, maps in outputs]


class MultiPeriodDiscriminator(_Family):
    """Five period discriminators; the periods are primes, so that they share few samples."""

    def __init__(self, divisor: int = 1) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(PeriodDiscriminator(period, divisor) for period in _PERIODS)


class MultiScaleDiscriminator(nn.Module):
    """Three scale discriminators: the waveform, and its means over 2 and 4 samples."""

    def __init__(self, divisor: int = 1) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(ScaleDiscriminator(scale == 0, divisor) for scale in range(_SCALES))
        self.meanpools = nn.ModuleList(nn.AvgPool1d(4, 2, padding=2) for _ in range(_SCALES - 1))

    def forward(self, wave: Tensor) -> DiscriminatorOutputs:
        """Waveform (B, N) to the outputs of every scale."""
        outputs = [self.discriminators[0](wave)]
        for pool, part in zip(self.meanpools, list(self.discriminators)[1:], strict=True):
            wave = pool(wave)
            outputs.append(part(wave))
        return [logits for logits, _ in outputs], [maps for _, maps in outputs]


class MultiResolutionDiscriminator(_Family):
    """Three resolution discriminators, from fine in frequency to fine in time."""

    def __init__(self, divisor: int = 1) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(ResolutionDiscriminator(n_fft, divisor) for n_fft in _RESOLUTIONS)


def build_discriminator(name: DiscriminatorName, divisor: int) -> nn.Module:
    """A family by name; see the classes."""
    if name == "period":
        return MultiPeriodDiscriminator(divisor)
    return MultiScaleDiscriminator(divisor) if name == "scale" else MultiResolutionDiscriminator(divisor)


def _discriminate(x: Tensor, convs: nn.ModuleList, last: nn.Module) -> tuple[Tensor, list[Tensor]]:
    maps = []
    for conv in convs:
        x = F.leaky_relu(conv(x), SLOPE)
        maps.append(x)
    x = last(x)
    maps.append(x)
    return x.flatten(1), maps


def _rename_spectral(module: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    # Released checkpoints carry PyTorch's older names; weight norm renames its own, spectral norm does not.
    names = {"weight_orig": "original", "weight_u": "0._u", "weight_v": "0._v"}
    for old, new in names.items():
        if prefix + old in state:
            state[f"{prefix}parametrizations.weight.{new}"] = state.pop(prefix + old)
