"""Where frames are sampled: zoom, turn, shift, and a smooth warp that makes another anatomy of the same head.

Positions are in halves of the source's longer side, from its middle: x to the right, y down, so that turns stay turns
in frames that are not square. A field of view of zoom 1 reaches from -1 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, radians

import torch
import torch.nn.functional as functional
from torch import Tensor

from rtmri2speech.appearance.config import GeometryConfig
from rtmri2speech.appearance.draws import Drawn, Draws

_CONTROLS, _RIPPLES = 6, 20
# The aim is reached at this zoom.
_AIMED_ZOOM = 1.45
_ROUNDS = 12


@dataclass(frozen=True)
class Geometry(Drawn):
    """Geometry of N looks.

    Attributes:
        linear: (N, 2, 2), from a position in the frame, -1 to 1, to one in the source.
        offset: (N, 2), position in the source of the frame's middle.
        elastic: (N, 2, 6, 6), displacement in the source of control points that span the frame.
        ripple: (N, 2, 20, 20), the same, finer and smaller.
    """

    linear: Tensor
    offset: Tensor
    elastic: Tensor
    ripple: Tensor


def draw_geometry(draws: Draws, config: GeometryConfig) -> Geometry:
    """Draw N geometries."""
    zoom, turn = draws.ratio(config.zoom), draws.around(radians(config.rotation))
    stretch, shear = draws.around(config.aspect).exp().sqrt(), draws.around(config.shear)
    side = 1.0 - 2.0 * draws.chance(config.flip)
    zeros, ones = torch.zeros_like(zoom), torch.ones_like(zoom)

    def matrix(*rows: Tensor) -> Tensor:
        return torch.stack(rows, dim=1).reshape(-1, 2, 2)

    rotation = matrix(turn.cos(), -turn.sin(), turn.sin(), turn.cos())
    linear = rotation @ matrix(ones, shear, zeros, ones) @ matrix(stretch * side, zeros, zeros, 1.0 / stretch)
    linear = linear / zoom[:, None, None]
    aim = 2.0 * torch.tensor(config.aim, device=zoom.device) - 1.0
    closeness = ((zoom - 1.0) / (_AIMED_ZOOM - 1.0)).clamp(0.0, 1.0)
    shift = draws.around(2.0 * config.shift, 2) / zoom[:, None]
    elastic = draws.around(2.0 * config.elastic, 2, _CONTROLS, _CONTROLS) * draws.uniform((0.0, 1.0), 1, 1, 1)
    ripple = draws.around(2.0 * config.ripple, 2, _RIPPLES, _RIPPLES) * draws.uniform((0.0, 1.0), 1, 1, 1)
    return Geometry(linear, aim * closeness[:, None] + shift, elastic, ripple)


def positions(geometry: Geometry, size: int) -> Tensor:
    """Position in the source of every pixel's center of frames of ``size`` x ``size``: (N, size, size, 2)."""
    device = geometry.linear.device
    line = (torch.arange(size, device=device) + 0.5) * (2.0 / size) - 1.0
    result = _displacement(geometry, size).permute(0, 2, 3, 1).contiguous()
    linear, offset = geometry.linear, geometry.offset
    columns = linear[:, None, :, 0] * line[None, :, None]
    rows = linear[:, None, :, 1] * line[None, :, None] + offset[:, None, :]
    return result.add_(columns[:, None]).add_(rows[:, :, None])


def supersampling(size: int, shape: tuple[int, int]) -> int:
    """Samples per pixel and direction, at least 2: as many as the source has pixels there, about."""
    return max(2, ceil(max(shape) / size))


def sample(images: Tensor, places: Tensor, nearest: bool = False) -> Tensor:
    """Values of images (N, H, W) at positions (N, h, w, 2): (N, h, w).

    Outside of the source its border goes on; with ``nearest`` there is 0, as labels want it.
    """
    height, width = images.shape[1:]
    longer = max(height, width)
    grid = places
    if height != width:
        grid = places * torch.tensor([longer / width, longer / height], device=places.device)
    found = functional.grid_sample(
        images[:, None],
        grid,
        mode="nearest" if nearest else "bilinear",
        padding_mode="zeros" if nearest else "border",
        align_corners=False,
    )
    return found[:, 0]


def warp(images: Tensor, geometry: Geometry, size: int) -> Tensor:
    """Images (N, H, W) as frames (N, size, size): several samples per pixel, averaged."""
    factor = supersampling(size, (images.shape[1], images.shape[2]))
    fine = sample(images, positions(geometry, size * factor))
    return functional.avg_pool2d(fine[:, None], factor)[:, 0]


def warp_labels(labels: Tensor, geometry: Geometry, size: int) -> Tensor:
    """Labels (N, H, W) at the centers of the frames' pixels, by nearest neighbor: (N, size, size), uint8."""
    return sample(labels.float(), positions(geometry, size), nearest=True).to(torch.uint8)


def warp_points(points: Tensor, geometry: Geometry, shape: tuple[int, int], size: int) -> Tensor:
    """Where points of the source come to lie in the frames.

    Args:
        points: (N, P, 2), column and row in the source's pixels, whole numbers being centers.
        geometry: of N looks.
        shape: height and width of the source.
        size: side of the frames, pixels.

    Returns:
        (N, P, 2), column and row in the frames' pixels, also outside of them.
    """
    half = max(shape) / 2.0
    middle = torch.tensor([shape[1], shape[0]], device=points.device) / 2.0
    goal = (points + 0.5 - middle) / half
    inverse = torch.linalg.inv(geometry.linear)
    fields = _displacement(geometry, 4 * size)
    found = torch.zeros_like(goal)
    # position = linear @ found + offset + elastic(found), and the warp is mild: each round brings it nearer.
    for _ in range(_ROUNDS):
        moved = functional.grid_sample(fields, found[:, None], padding_mode="border", align_corners=False)
        rest = goal - geometry.offset[:, None] - moved[:, :, 0].transpose(1, 2)
        found = rest @ inverse.transpose(1, 2)
    return (found + 1.0) * (size / 2.0) - 0.5


def _displacement(geometry: Geometry, size: int) -> Tensor:
    """Of every pixel of the frame in the source, (N, 2, size, size)."""
    return smooth_field(geometry.elastic, size) + smooth_field(geometry.ripple, size)


@lru_cache(maxsize=16)
def _spline(size: int, controls: int = _CONTROLS) -> Tensor:
    """(size, controls): cubic interpolation between control points, the outer ones on the frame's edges."""
    # Pixels' centers lie half a pixel inside: of 2 size + 1 points from edge to edge every second one.
    points = functional.interpolate(
        torch.eye(controls)[None, None], (2 * size + 1, controls), mode="bicubic", align_corners=True
    )
    return points[0, 0, 1::2].contiguous()


def smooth_field(controls: Tensor, size: int) -> Tensor:
    """Control points (N, ..., K, K) that span the frame, interpolated: (N, ..., size, size)."""
    rise = _spline(size, controls.shape[-1]).to(controls.device)
    result: Tensor = rise @ controls @ rise.T
    return result
