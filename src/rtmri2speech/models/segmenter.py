"""The segmenter: a frame of the vocal tract to the class of every pixel.

A U-Net (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597) that works at half the frame's resolution: four
neighboring pixels enter as four channels, and leave again as four sets of logits (sub-pixel convolution, Shi et al.
2016, arXiv:1609.05158), so that nothing of the frame is lost and edges stay sharp to the pixel. What decided, per
frame of 192 x 192 in batches of 8, two threads of a Xeon with AVX-512, channels last:

| network | weights | ms |
|---|---|---|
| this one, widths 24, 48, 96, 160, 256 | 2.7 M | 9.7 with BatchNorm as it is; folded, 6 % less CPU time |
| the same, deepest widths 192, 320 | 3.8 M | 10.2 |
| the same without the last level | 0.9 M | 7.7 |
| U-Net at full resolution, widths 16 to 256 | 2.0 M | 22 (GroupNorm: 26) |
| segmentation-models-pytorch 0.6, U-Net on regnetx_002 | 3.3 M | 11 |
| ... on efficientnet_b0, mobilenetv3_large, tf_efficientnetv2_b0 | 4 to 6 M | 16 to 19 |
| ... on resnet10t, resnet18 | 6 to 12 M | 27 to 33 |

So that library, whose decoders work at full resolution and whose encoders are for pretrained weights of photographs, is
not used. BatchNorm and not GroupNorm, because it can be folded away.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from rtmri2speech.config import Config
from rtmri2speech.data.labels import CLASSES

# Pixels per side that share a place in the network's first and last level.
_FOLD = 2


class SegmenterConfig(Config):
    """Size of the segmenter."""

    size: int = Field(192, ge=16, description="pixels per side of the frames that it reads")
    widths: tuple[Annotated[int, Field(ge=4)], ...] = Field(
        (24, 48, 96, 160, 256), min_length=2, description="channels per level, each of half the resolution before"
    )
    classes: tuple[str, ...] = Field(
        tuple(CLASSES), min_length=2, description="what a pixel may be, in the logits' order"
    )

    @property
    def multiple(self) -> int:
        """Frames may have any side that is a multiple of this, pixels."""
        return int(_FOLD * 2 ** (len(self.widths) - 1))


class Segmenter(nn.Module):
    """Frames to logits of classes.

    Args:
        config: size of the network.

    Attributes:
        config: as given.
    """

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.down = nn.ModuleList(
            _Block(_FOLD * _FOLD if level == 0 else widths[level - 1], width) for level, width in enumerate(widths)
        )
        self.up = nn.ModuleList(_Block(lower + width, width) for width, lower in pairwise(widths))
        self.head = nn.Conv2d(widths[0], len(config.classes) * _FOLD * _FOLD, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (B, C, H, W) of frames (B, 1, H, W), gray of any scale; H and W are multiples of ``config.multiple``.

        Each frame is brought to mean 0 and variance 1 first, so that its brightness and scale do not matter.
        """
        x = functional.pixel_unshuffle(standardize(frames), _FOLD)
        kept = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for block, skip in zip(reversed(self.up), reversed(kept[:-1]), strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0), skip], dim=1))
        return functional.pixel_shuffle(self.head(x), _FOLD)

    def folded(self) -> Segmenter:
        """A copy for inference: in eval mode, BatchNorm folded into the convolutions, channels last.

        It takes 6 % less of a CPU's time; its logits agree within rounding.
        """
        copy = Segmenter(self.config)
        copy.load_state_dict(self.state_dict())
        copy.eval()
        for block in (*copy.down, *copy.up):
            assert isinstance(block, _Block)
            block.fold()
        parameter = next(self.parameters())
        return copy.to(parameter.device, parameter.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def standardize(frames: Tensor) -> Tensor:
    """Frames (..., H, W) with mean 0 and variance 1 each, float32 at least; a frame of one gray is all 0."""
    frames = frames if frames.dtype == torch.float64 else frames.float()
    variance, mean = torch.var_mean(frames, dim=(-2, -1), correction=0, keepdim=True)
    # Relative to the mean's square: a frame of one gray has a variance of rounding errors only.
    return (frames - mean) * torch.rsqrt(variance + 1e-6 * mean.square() + 1e-12)


class _Block(nn.Module):
    """Two convolutions of 3 x 3, each with BatchNorm and ReLU."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.norm1: nn.Module = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2: nn.Module = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.norm1(self.conv1(x)), inplace=True)
        return functional.relu(self.norm2(self.conv2(x)), inplace=True)

    def fold(self) -> None:
        """Put the running statistics into the convolutions."""
        for number in ("1", "2"):
            conv, norm = getattr(self, f"conv{number}"), getattr(self, f"norm{number}")
            setattr(self, f"conv{number}", fuse_conv_bn_eval(conv, norm))
            setattr(self, f"norm{number}", nn.Identity())
