"""Augmentation of normalized frames on the device: what differs between speakers, heads and scanners."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.config import Config


class AugmentConfig(Config):
    """Limits of what is drawn for every segment; 0 leaves the frames as they are.

    One draw holds for a whole segment, like the position of a head: frames of a window stay comparable.
    """

    shift: float = Field(0.0, ge=0.0, le=64.0, description="largest displacement along each axis, pixels")
    rotation: float = Field(0.0, ge=0.0, le=45.0, description="largest rotation about the center, degrees")
    gain: float = Field(0.0, ge=0.0, lt=1.0, description="largest change of contrast: gray times 1 - gain to 1 + gain")
    gamma: float = Field(
        0.0, ge=0.0, lt=1.0, description="largest change of gamma: gray to the power 1/(1 + gamma) to 1 + gamma"
    )
    noise: float = Field(
        0.0, ge=0.0, le=0.5, description="largest standard deviation of added noise, fraction of full scale"
    )

    @property
    def active(self) -> bool:
        """Whether anything is changed."""
        return any(self.model_dump().values())


def augment(frames: Tensor, config: AugmentConfig) -> Tensor:
    """Change frames at random, each segment with its own draw.

    Pixels that come in from outside the frame are black. Random numbers are PyTorch's own.

    Args:
        frames: shape (B, L, H, W), in [0, 1].
        config: limits of the changes.

    Returns:
        Frames of the same shape and range.
    """
    with torch.autocast(frames.device.type, enabled=False):  # positions of pixels need float32
        return _augmented(frames, config)


def _augmented(frames: Tensor, config: AugmentConfig) -> Tensor:
    segments = frames.shape[0]

    def draw(limit: float) -> Tensor:
        return (2.0 * torch.rand(segments, device=frames.device) - 1.0) * limit

    if config.shift or config.rotation:
        frames = _moved(frames, draw(config.shift), draw(config.shift), draw(math.radians(config.rotation)))
    if config.gamma:
        exponent = torch.exp(draw(math.log1p(config.gamma)))
        frames = frames.clamp(min=1e-6) ** exponent[:, None, None, None]
    if config.gain:
        frames = frames * (1.0 + draw(config.gain))[:, None, None, None]
    if config.noise:
        strength = draw(config.noise).abs()[:, None, None, None]
        frames = frames + strength * torch.randn_like(frames)
    return frames.clamp(0.0, 1.0)


def _moved(frames: Tensor, right: Tensor, down: Tensor, angle: Tensor) -> Tensor:
    height, width = frames.shape[-2:]
    cos, sin = torch.cos(angle), torch.sin(angle)
    # Positions in the source for each position in the result, both from -1 to 1 along their axis.
    across = torch.stack([cos, -sin * height / width, -2.0 * right / width], dim=1)
    along = torch.stack([sin * width / height, cos, -2.0 * down / height], dim=1)
    grid = F.affine_grid(torch.stack([across, along], dim=1), [len(frames), 1, height, width], align_corners=False)
    return F.grid_sample(frames, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
