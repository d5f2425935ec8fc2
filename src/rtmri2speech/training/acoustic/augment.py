"""Augmentation of normalized frames on the device: what differs between speakers, heads and scanners."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from pydantic import Field, field_validator
from torch import Tensor
from torch.nn import functional as F

from rtmri2speech.appearance.config import LookConfig, load_look
from rtmri2speech.appearance.look import develop, draw_looks, scan_looks
from rtmri2speech.appearance.recording import levels
from rtmri2speech.config import Config
from rtmri2speech.errors import ConfigError

_KNOTS = 9
"""Grays, from black to white, whose brightness is drawn; those in between follow smoothly."""
_STEADY = 1000
"""Number of a segment's first frame in its recording, as far as looks go: long after the over-bright start."""


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

    tissue: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="tissues brighter or darker: grays times factors that change with them; deviation of their log",
    )
    look: str | None = Field(
        None, description="look of some scanner drawn for every segment: one that ships, or a YAML file"
    )
    look_share: float = Field(1.0, ge=0.0, le=1.0, description="share of the segments that get a look")

    @field_validator("look")
    @classmethod
    def _there(cls, look: str | None) -> str | None:
        if look is not None:
            try:
                load_look(look)
            except ConfigError as error:
                raise ValueError(str(error)) from None
        return look

    @property
    def active(self) -> bool:
        """Whether anything is changed."""
        return any(value for name, value in self.model_dump().items() if name != "look_share")


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

    if config.tissue:
        frames = _other_tissue(frames, config.tissue)
    if config.look is not None:
        frames = _looked_at(frames, _look(config.look), config.look_share)
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


@lru_cache(maxsize=1)
def _look(name: str) -> LookConfig:
    """Read once: every step asks for it."""
    return load_look(name)


def _other_tissue(frames: Tensor, deviation: float) -> Tensor:
    """Grays times smooth factors of the gray, each segment with its own."""
    factors = torch.exp(deviation * torch.randn(len(frames), _KNOTS, device=frames.device))
    place = frames * (_KNOTS - 1)
    low = place.floor().clamp(max=_KNOTS - 2)
    index = low.long().flatten(1)
    one, other = (torch.gather(factors, 1, index + step).reshape(frames.shape) for step in (0, 1))
    return frames * torch.lerp(one, other, place - low)


def _looked_at(frames: Tensor, config: LookConfig, share: float) -> Tensor:
    """Some segments as another scanner would show them, each on a scale of its own, as recordings are."""
    segments, length, size = frames.shape[:3]
    count = round(share * segments)
    if count == 0:
        return frames
    # From PyTorch's own numbers, like all that is random here.
    seed = int(torch.randint(2**31, ()))
    generator = torch.Generator(frames.device).manual_seed(seed)
    which = torch.randperm(segments, generator=generator, device=frames.device)[:count]
    looks = draw_looks(count, generator, config).take(
        torch.arange(count, device=frames.device).repeat_interleave(length)
    )
    numbers = _STEADY + torch.arange(length, dtype=torch.float32, device=frames.device).repeat(count)
    scans, _ = scan_looks(looks, frames[which].flatten(0, 1), None, size, numbers=numbers)
    dark, bright = (level.reshape(count, length).median(dim=1).values for level in levels(scans))
    shown, _ = develop(looks, scans, None, dark.repeat_interleave(length), bright.repeat_interleave(length))
    return frames.index_copy(0, which, shown.reshape(count, length, size, size))
