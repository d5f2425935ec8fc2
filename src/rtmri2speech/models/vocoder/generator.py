"""Vocoder: HiFi-GAN V1 generator (Kong, Kim and Bae 2020, arXiv:2010.05646), ln(power) mel to waveform."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize

from rtmri2speech.config import Config
from rtmri2speech.models.vocoder.source import (
    HarmonicSource,
    PlainConv1d,
    SourceEntry,
    SourceFrames,
    as_samples,
    points_of_frames,
)

SLOPE: Final = 0.1
"""Slope of the leaky rectifiers below zero, in the generator and the discriminators (paper, released code)."""

LAST_SLOPE: Final = 0.01
"""Slope of the generator's last rectifier: the released code leaves it at the library's default, and all weights were
trained with it."""

_EDGE_KERNEL = 7


class VocoderConfig(Config):
    """Geometry of the generator; the defaults are the reference configuration's (section 3)."""

    upsample_rates: tuple[int, ...] = Field((10, 7, 3, 2), description="factors whose product is the hop length")
    upsample_kernels: tuple[int, ...] = Field((20, 15, 7, 4), description="kernel of each upsampling")
    initial_channels: int = Field(512, ge=2, description="channels before the first upsampling; halved by each")
    resblock_kernels: tuple[int, ...] = Field((3, 7, 11), description="kernels of the parallel residual blocks")
    resblock_dilations: tuple[tuple[int, ...], ...] = Field(
        ((1, 3, 5),) * 3, description="dilations of each residual block"
    )
    source: Literal["none", "harmonic"] = Field(
        "none",
        description="harmonic: F0 is read from the mel, or given, and its harmonics and noise go into each stage",
    )
    pitch_channels: int = Field(256, ge=4, description="channels of the network that reads F0, with a harmonic source")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.upsample_rates or len(self.upsample_rates) != len(self.upsample_kernels):
            raise ValueError("upsample_rates and upsample_kernels need the same number of values, at least one")
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernels, strict=True):
            if rate < 1 or kernel < rate or (kernel - rate) % 2:
                raise ValueError(f"upsampling kernel {kernel} does not exceed its rate {rate} by an even number")
        if not self.resblock_kernels or len(self.resblock_kernels) != len(self.resblock_dilations):
            raise ValueError("resblock_kernels and resblock_dilations need the same number of values, at least one")
        if any(kernel < 1 or kernel % 2 == 0 for kernel in self.resblock_kernels):
            raise ValueError("resblock_kernels must be odd")
        if any(not dilations or min(dilations) < 1 for dilations in self.resblock_dilations):
            raise ValueError("resblock_dilations must be 1 or more")
        if self.initial_channels % 2 ** len(self.upsample_rates):
            raise ValueError(
                f"initial_channels {self.initial_channels} cannot be halved {len(self.upsample_rates)} times"
            )
        return self

    @property
    def hop_length(self) -> int:
        """Samples per mel frame."""
        return math.prod(self.upsample_rates)

    @property
    def context_frames(self) -> int:
        """Mel frames on each side of a frame that its samples depend on: 11 for the defaults.

        Counted from the output back to the mel: last convolution 3 samples on each side; in each stage the largest
        residual block, (11 - 1) / 2 * (1 + 3 + 5 + 3 * 1) = 60 for the defaults; a transposed convolution of kernel
        k, rate u and padding p turns a reach of R into (R + k - 1 - p) / u; and 3 for the first convolution.
        """
        first, last = 0, self.hop_length - 1
        reach = _EDGE_KERNEL // 2
        for rate, kernel in zip(reversed(self.upsample_rates), reversed(self.upsample_kernels), strict=True):
            # Each dilated convolution of a residual block is followed by a plain one.
            reach += max(
                size // 2 * (sum(dilations) + len(dilations))
                for size, dilations in zip(self.resblock_kernels, self.resblock_dilations, strict=True)
            )
            padding = (kernel - rate) // 2
            # Output n of a transposed convolution reads inputs (n + padding - j) / rate, j = 0 .. kernel - 1.
            first = -((reach - first - padding + kernel - 1) // rate)
            last = (last + reach + padding) // rate
            reach = 0
        edge = _EDGE_KERNEL // 2
        return max(edge - first, last + edge)


class RowConv1d(nn.Conv1d):
    """``nn.Conv1d`` computed as a convolution of an image one pixel high.

    Libraries convolve images with the channels of a pixel next to each other in memory, which is faster: 1.12 times
    the training steps per second on an H100, 1.5 times on a CPU. Input and output have the same memory order.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Shape (B, channels in, N) to (B, channels out, N)."""
        padding, dilation = (0, int(self.padding[0])), (1, self.dilation[0])
        made = F.conv2d(x.unsqueeze(2), self.weight.unsqueeze(2), self.bias, padding=padding, dilation=dilation)
        return made.squeeze(2)


class RowConvTranspose1d(nn.ConvTranspose1d):
    """``nn.ConvTranspose1d``, likewise."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Shape (B, channels in, N) to (B, channels out, N * stride)."""
        padding, stride = (0, int(self.padding[0])), (1, self.stride[0])
        made = F.conv_transpose2d(x.unsqueeze(2), self.weight.unsqueeze(2), self.bias, stride=stride, padding=padding)
        return made.squeeze(2)


class ResBlock(nn.Module):
    """Residual block of type 1: for every dilation a dilated and a plain convolution, added to their input."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            RowConv1d(channels, channels, kernel, dilation=dilation, padding=dilation * (kernel // 2))
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(RowConv1d(channels, channels, kernel, padding=kernel // 2) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (B, channels, N) in and out."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, SLOPE)), SLOPE))
        return x


class Vocoder(nn.Module):
    """Base of what turns an ln(power) mel spectrogram (B, M, T) into a waveform (B, T * hop), at once or in pieces.

    Args:
        config: geometry.
        n_mels: mel bands M.
    """

    source: HarmonicSource | None

    def __init__(self, config: VocoderConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config
        self.n_mels = n_mels
        self.source = None

    @property
    def hop_length(self) -> int:
        """Samples per mel frame; must equal the features' hop length."""
        return self.config.hop_length

    def filtered(self, ln_mel: Tensor, excitation: Tensor | None) -> Tensor:
        """The waveform (B, T * hop) of a mel (B, M, T) and an excitation (B, hop, T), if there is a source."""
        raise NotImplementedError

    def forward(self, ln_mel: Tensor, voice: SourceFrames | None = None) -> Tensor:
        """ln(power) mel (B, M, T) to waveform (B, T * hop), amplitude -1 to 1.

        Args:
            ln_mel: the mel.
            voice: what the source is to make, of as many frames; by default :meth:`voice_of` the mel.
        """
        if self.source is None:
            return self.filtered(ln_mel, None)
        found = self.voice_of(ln_mel) if voice is None else voice
        return self.filtered(ln_mel, self.source.excitation(found).to(ln_mel.dtype))

    def voice_of(self, ln_mel: Tensor, f0: tuple[Tensor, Tensor] | None = None) -> SourceFrames:
        """The voice of a mel (B, M, T), from phase 0 on.

        Args:
            ln_mel: the mel.
            f0: in place of the mel's, F0 in cycles per sample, 0 where there is no voice, and voicing 0 to 1, each
                (B, T).

        Raises:
            ValueError: where there is no source.
        """
        if self.source is None:
            raise ValueError("this vocoder has no source")
        if f0 is not None:
            return self.source.frames(*points_of_frames(*f0))
        with torch.no_grad():
            found = self.source(ln_mel)
        return self.source.frames(found.f0, found.voiced)

    def generate(
        self,
        ln_mel: Tensor,
        chunk_frames: int = 512,
        context: int | None = None,
        voice: SourceFrames | None = None,
    ) -> Iterator[Tensor]:
        """Yield the waveform in pieces that together equal the full pass; memory is bounded by a piece.

        Args:
            ln_mel: ln(power) mel of one recording, shape (M, T).
            chunk_frames: mel frames per piece, at least 1.
            context: mel frames read on either side of a piece; by default as many as the result depends on.
                Fewer make the pieces differ from the full pass near their ends.
            voice: as in :meth:`forward`.

        Yields:
            Waveforms of shape (chunk_frames * hop,), the last one shorter.
        """
        if chunk_frames < 1:
            raise ValueError("chunk_frames must be 1 or more")
        around = self.config.context_frames if context is None else context
        frames = ln_mel.shape[-1]
        if self.source is not None and voice is None and frames:
            # Of the whole recording: the phase of a piece follows from all before it.
            with torch.inference_mode():
                voice = self.voice_of(ln_mel[None])
        for start in range(0, frames, chunk_frames):
            stop = min(start + chunk_frames, frames)
            first = max(start - around, 0)
            last = min(stop + around, frames)
            with torch.inference_mode():
                own = None if voice is None else voice.part(first, last)
                wave = self(ln_mel[None, :, first:last], own)[0]
            yield wave[(start - first) * self.hop_length : (stop - first) * self.hop_length].clone()


class Generator(Vocoder):
    """Mel spectrogram to waveform by transposed convolutions and residual blocks.

    Module names are those of the released HiFi-GAN code, so that its checkpoints map one to one. Weights are
    plain; :func:`add_weight_norm` reparametrizes them for training.

    Args:
        config: geometry.
        n_mels: mel bands M.
    """

    def __init__(self, config: VocoderConfig, n_mels: int) -> None:
        super().__init__(config, n_mels)
        channels = config.initial_channels
        self.conv_pre = RowConv1d(n_mels, channels, _EDGE_KERNEL, padding=_EDGE_KERNEL // 2)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
            self.ups.append(
                RowConvTranspose1d(channels, channels // 2, kernel, stride=rate, padding=(kernel - rate) // 2)
            )
            channels //= 2
            for size, dilations in zip(config.resblock_kernels, config.resblock_dilations, strict=True):
                self.resblocks.append(ResBlock(channels, size, dilations))
        self.conv_post = RowConv1d(channels, 1, _EDGE_KERNEL, padding=_EDGE_KERNEL // 2)
        for module in (*self.ups.modules(), *self.resblocks.modules(), self.conv_post):
            if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
                nn.init.normal_(module.weight, 0.0, 0.01)  # as in the released code
        # After all else: the other weights are then drawn alike with a source and without.
        self.entries = nn.ModuleList()
        if config.source == "harmonic":
            self.source = HarmonicSource(n_mels, self.hop_length, config.pitch_channels)
            stride, channels = self.hop_length, config.initial_channels
            for rate in config.upsample_rates:
                stride, channels = stride // rate, channels // 2
                self.entries.append(SourceEntry(channels, stride))

    def filtered(self, ln_mel: Tensor, excitation: Tensor | None) -> Tensor:
        """The waveform (B, T * hop) of a mel (B, M, T) and an excitation (B, hop, T), if there is a source."""
        # In memory, the channels of a sample lie next to each other. (`.mT` would do, but is not exported.)
        x = self.conv_pre(ln_mel.transpose(1, 2).contiguous().transpose(1, 2))
        samples = None if excitation is None else as_samples(excitation)
        parallel = len(self.config.resblock_kernels)
        for stage, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, SLOPE))
            if samples is not None:
                x = x + self.entries[stage](samples)
            blocks = list(self.resblocks)[stage * parallel : (stage + 1) * parallel]
            total = blocks[0](x)
            for block in blocks[1:]:
                total = total + block(x)
            x = total / parallel
        wave: Tensor = torch.tanh(self.conv_post(F.leaky_relu(x, LAST_SLOPE)))
        return wave[:, 0]


def add_weight_norm(module: nn.Module) -> None:
    """Reparametrize every convolution of ``module`` as direction and length, in place (Salimans and Kingma 2016).

    Those of the source stay as they are.

    A channel whose weights are all zero has no direction. It is given one, with length 0: its output stays what it
    was, and its length can be learned.
    """
    for part in list(module.modules()):
        if isinstance(part, PlainConv1d):
            continue
        if isinstance(part, nn.Conv1d | nn.ConvTranspose1d | nn.Conv2d) and not parametrize.is_parametrized(part):
            parametrizations.weight_norm(part)
            length, direction = part.parametrizations.weight.parameters()  # type: ignore[union-attr]
            _give_directions(length, direction)


@torch.no_grad()
def _give_directions(length: Tensor, direction: Tensor) -> None:
    # By the norm and not by the values: squares below float32's range add up to a norm of 0, too.
    direction[length.flatten() == 0] = 1.0 / math.sqrt(direction[0].numel())


# Suffixes of length and direction: PyTorch's older names (all released checkpoints) and the current ones.
_WEIGHT_NORM_NAMES = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


def plain_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state with weight norm, under either names, as one with plain weights; plain tensors pass unchanged.

    A channel whose direction is zero has weights of zero.
    """
    plain = dict(state)
    for length_name, direction_name in _WEIGHT_NORM_NAMES:
        for name in [key for key in plain if key.endswith("." + length_name)]:
            prefix = name.removesuffix(length_name)
            if prefix + direction_name not in plain:
                continue  # half a pair: left for the strict loading to name
            length, direction = plain.pop(name), plain.pop(prefix + direction_name)
            norm = torch.linalg.vector_norm(direction, dim=tuple(range(1, direction.ndim)), keepdim=True)
            plain[prefix + "weight"] = direction * (length / torch.where(norm == 0, torch.ones_like(norm), norm))
    return plain
