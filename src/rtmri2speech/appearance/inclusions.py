"""What a person carries that the source does not show: vessels with flowing blood, metal, fillings."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from rtmri2speech.appearance.config import InclusionConfig
from rtmri2speech.appearance.draws import Drawn, Draws, chosen

_VESSELS = 3
_FILLINGS = 3
# Middle and reach of where vessels run, positions in the source: neck, floor of the mouth, nape.
_NECK = ((0.0, 0.35), (0.7, 0.6))


@dataclass(frozen=True)
class Inclusions(Drawn):
    """Inclusions of N looks; positions and lengths in halves of the source's side.

    Attributes:
        vessels: (N, 3, 6): x, y, direction, length, width, change of the signal (-1 to 1.5, 0 for none).
        voids: (N, 4, 6): x, y, radius (0 for none), direction of the lobes, their share of the radius, rim.
    """

    vessels: Tensor
    voids: Tensor


def draw_inclusions(draws: Draws, config: InclusionConfig) -> Inclusions:
    """Draw the inclusions of N looks."""
    used = draws.chance(config.vessels)[:, None] * draws.chance(0.6, _VESSELS)
    vessels = torch.stack(
        [
            _NECK[0][0] + draws.around(_NECK[1][0], _VESSELS),
            _NECK[0][1] + draws.around(_NECK[1][1], _VESSELS),
            pi / 2.0 + draws.around(0.7, _VESSELS),
            draws.ratio((0.04, 0.5), _VESSELS),
            draws.ratio((0.012, 0.03), _VESSELS),
            draws.uniform((-1.0, 1.5), _VESSELS) * used,
        ],
        dim=2,
    )
    number = 1 + _FILLINGS
    corners = 2.0 * torch.tensor(config.teeth, device=draws.generator.device) - 1.0
    places = corners[0] + (corners[1] - corners[0]) * draws.uniform((0.0, 1.0), number, 2)
    metal = 2.0 * draws.ratio(config.metal_radius) * draws.chance(config.metal)
    fillings = 2.0 * draws.ratio(config.filling_radius, _FILLINGS) * draws.chance(config.fillings)[:, None]
    voids = torch.stack(
        [
            places[..., 0],
            places[..., 1],
            torch.cat([metal[:, None], fillings * draws.chance(0.6, _FILLINGS)], dim=1),
            draws.uniform((0.0, pi), number),
            draws.uniform((0.0, 0.45), number),
            draws.uniform((0.0, 1.2), number),
        ],
        dim=2,
    )
    return Inclusions(vessels, voids)


def include(images: Tensor, inclusions: Inclusions, places: Tensor) -> Tensor:
    """Frames (N, S, S) with their inclusions; ``places`` (N, S, S, 2) are positions in the source."""
    result = images
    for kind, values in ((_vessel, inclusions.vessels), (_void, inclusions.voids)):
        for number in range(values.shape[1]):
            entry = values[:, number]
            index = chosen(entry[:, 5].abs() if kind is _vessel else entry[:, 2])
            if len(index):
                changed = kind(result[index], entry[index], places[index])
                result = result.index_copy(0, index, changed)
    return result


def _local(entry: Tensor, places: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates along and across a direction, from the inclusion's middle."""
    x = places[..., 0] - entry[:, 0, None, None]
    y = places[..., 1] - entry[:, 1, None, None]
    cosine, sine = direction.cos()[:, None, None], direction.sin()[:, None, None]
    return x * cosine + y * sine, y * cosine - x * sine


def _vessel(images: Tensor, entry: Tensor, places: Tensor) -> Tensor:
    along, across = _local(entry, places, entry[:, 2])
    shape = torch.exp(-0.5 * ((along / entry[:, 3, None, None]) ** 4 + (across / entry[:, 4, None, None]) ** 2))
    return images * (1.0 + entry[:, 5, None, None] * shape)


def _void(images: Tensor, entry: Tensor, places: Tensor) -> Tensor:
    """Signal lost to the field of a dipole, which has two lobes, and piled up along its rim."""
    along, across = _local(entry, places, entry[:, 3])
    distance = torch.sqrt(along**2 + across**2 + 1e-12)
    lobes = 1.0 + entry[:, 4, None, None] * (2.0 * (along / distance) ** 2 - 1.0)
    relative = distance / (entry[:, 2, None, None] * lobes)
    kept = 1.0 - torch.exp(-(relative**4))
    rim = entry[:, 5, None, None] * torch.exp(-0.5 * ((relative - 1.25) / 0.15) ** 2)
    return images * kept * (1.0 + rim)
