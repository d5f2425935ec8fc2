"""Brightness: of labels, of a fine grain, of the field of the receiving coils, of a scan that has just begun."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

from rtmri2speech.appearance.config import CoilConfig, ContrastConfig
from rtmri2speech.appearance.draws import Drawn, Draws, per_frame
from rtmri2speech.appearance.geometry import smooth_field
from rtmri2speech.data.labels import TONGUE, Label

LABELS, TISSUES, CODES = 16, 64, 256
"""How many labels, tissues and codes have a brightness of their own."""

_GRAIN, _SPOTS = 40, 14
_BIAS = 4
# First frames of a recording; in training a look with a bright start is one of these.
_FIRST = 6.0


@dataclass(frozen=True)
class Contrast(Drawn):
    """Brightness in N looks.

    Attributes:
        tissue: (N, 64); label: (N, 16); code: (N, 256), logarithms of factors, for painted frames.
        gray_label: (N, 16), the same for labels of frames that were gray already.
        air: (N,), signal of air.
        grain: (N, 40, 40) and spots: (N, 14, 14), relative, spanning the frame.
        start: (N,), number of the frame in its recording where that matters, else infinite.
        excess: (N,), relative signal of the first frame above the steady state.
        settling: (N,), frames.
    """

    tissue: Tensor
    label: Tensor
    code: Tensor
    gray_label: Tensor
    air: Tensor
    grain: Tensor
    spots: Tensor
    start: Tensor
    excess: Tensor
    settling: Tensor


@dataclass(frozen=True)
class Coil(Drawn):
    """Fields of the receiving coils in N looks.

    Attributes:
        bias: (N, 4, 4), logarithm of a factor, spanning the frame.
        falloff: (N,), 1 or 0.
        places: (N, C, 2), positions in the source.
        weights: (N, C).
        reach: (N, C), in halves of the source.
        floor: (N,).
    """

    bias: Tensor
    falloff: Tensor
    places: Tensor
    weights: Tensor
    reach: Tensor
    floor: Tensor


def draw_contrast(draws: Draws, config: ContrastConfig) -> Contrast:
    """Draw the brightness of N looks."""
    at_start = draws.chance(config.bright_start)
    number = draws.uniform((0.0, _FIRST)).floor()
    return Contrast(
        tissue=draws.normal(config.tissue, TISSUES),
        label=draws.normal(config.label, LABELS),
        code=draws.normal(config.code, CODES),
        gray_label=draws.normal(config.gray_label, LABELS),
        air=draws.uniform(config.air),
        grain=draws.normal(1.0, _GRAIN, _GRAIN) * per_frame(draws.uniform(config.texture)),
        spots=draws.normal(1.0, _SPOTS, _SPOTS) * per_frame(draws.uniform(config.mottle)),
        start=torch.where(at_start > 0.0, number, torch.full_like(number, torch.inf)),
        excess=draws.uniform(config.excess) * draws.chance(0.6),
        settling=draws.uniform(config.settling),
    )


def draw_coil(draws: Draws, config: CoilConfig) -> Coil:
    """Draw the coils of N looks."""
    count = len(config.places)
    places = 2.0 * torch.tensor(config.places, device=draws.generator.device) - 1.0
    return Coil(
        bias=draws.normal(1.0, _BIAS, _BIAS) * per_frame(draws.uniform(config.bias)),
        falloff=draws.chance(config.falloff),
        places=places + draws.around(2.0 * config.jitter, count, 2),
        weights=torch.stack([draws.ratio(ends) for ends in config.weights], dim=1),
        reach=2.0 * draws.uniform(config.reach, count),
        floor=draws.uniform(config.floor),
    )


def shared_brightness(labels: Tensor) -> Tensor:
    """Whose brightness a label has, int64: the parts of the tongue have one, since no edge divides them."""
    numbers = labels.long().clamp(max=LABELS - 1)
    return torch.where((numbers >= min(TONGUE)) & (numbers <= max(TONGUE)), int(Label.TONGUE_BODY), numbers)


def brighten_labels(images: Tensor, labels: Tensor, contrast: Contrast) -> Tensor:
    """Gray images (N, H, W) with every label's factor; factors change over two pixels, as edges of frames do."""
    factors = torch.gather(contrast.gray_label.exp(), 1, shared_brightness(labels).flatten(1))
    factors = factors.reshape(labels.shape)
    padded = functional.pad(factors[:, None], (1, 1, 1, 1), mode="replicate")
    return images * functional.avg_pool2d(padded, 3, stride=1)[:, 0]


def texture(contrast: Contrast, size: int) -> Tensor:
    """Factor of grain and spots, (N, size, size)."""
    return (smooth_field(contrast.grain, size) + smooth_field(contrast.spots, size)).exp_()


def excess_at(contrast: Contrast, numbers: Tensor | None) -> Tensor:
    """Relative signal above the steady state, (N,), in frames of given numbers (N,), or as the looks have it."""
    number = contrast.start if numbers is None else numbers
    return contrast.excess * torch.exp(-number / contrast.settling)


def unsettled(images: Tensor, excess: Tensor) -> Tensor:
    """Images 0 to 1 before the steady state: all is brighter, and tissues differ less.

    At the first pulses the longitudinal magnetization is that of equilibrium, and the contrast that of density.
    """
    flatter = images.clamp(min=1e-6) ** per_frame(1.0 / (1.0 + 0.5 * excess))
    return flatter * per_frame(1.0 + excess)


def sensitivity(coil: Coil, places: Tensor) -> Tensor:
    """Factor of the coils at positions in the source (N, S, S, 2): (N, S, S), at most about 1 but for the bias."""
    size = places.shape[1]
    field = torch.zeros(places.shape[:3], device=places.device)
    for number in range(coil.places.shape[1]):
        distance = (places - coil.places[:, number, None, None, :]).square_().sum(-1)
        distance /= per_frame(coil.reach[:, number] ** 2)
        # On the axis of a loop the field falls off as (1 + d^2) ** -1.5.
        field += per_frame(coil.weights[:, number]) * (1.0 + distance).rsqrt_().pow_(3)
    floor, used = per_frame(coil.floor), per_frame(coil.falloff)
    field = used * (floor + (1.0 - floor) * field) + (1.0 - used)
    return field * smooth_field(coil.bias, size).exp()
