"""Measured tracts as other recordings would have given them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from rtmri2speech.models.tract.inputs import PLACES, scaled_rows
from rtmri2speech.training.tract.bank import Batch
from rtmri2speech.training.tract.recipe import TractAugmentConfig

# Control points of the smooth factors along the tract; frames of a run in which nothing could be measured.
_CONTROLS, _RUN = 6, 3
_GROUPS = ("width", "length", "measures", "formants")


def augment(batch: Batch, config: TractAugmentConfig, generator: torch.Generator) -> Tensor:
    """Rows (B, L, C) of a batch, changed: errors of segmentation, of the size of pixels, and what is missing.

    Args:
        batch: as drawn.
        config: how much.
        generator: on the batch's device.
    """
    count, frames = batch.real.shape
    device = batch.rows.device

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, device=device)

    def chance(probability: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device) < probability

    estimated = chance(config.unknown_size, count) & batch.factors.isfinite()
    factor = torch.where(estimated, batch.factors.nan_to_num(1.0), 1.0) * (config.size * normal(count)).exp()
    rows = scaled_rows(batch.rows, factor)
    size_known = rows[..., PLACES["size_known"]]
    rows[..., PLACES["size_known"]] = torch.where(estimated[:, None, None], torch.zeros_like(size_known), size_known)
    distance = rows[..., PLACES["distance"]]
    smooth = config.distance * normal(count, 1, _CONTROLS) + config.frame_distance * normal(count, frames, _CONTROLS)
    rows[..., PLACES["distance"]] = distance * _along(smooth, distance.shape[-1]).exp()
    formants, measures = rows[..., PLACES["formants"]], rows[..., PLACES["measures"]]
    rows[..., PLACES["formants"]] = formants * (config.formant * normal(count, 1, formants.shape[-1])).exp()
    shifted = (measures + config.measure_mm * normal(count, 1, measures.shape[-1])).clamp(min=0.0)
    # A closed port or closed lips stay closed; heights have no zero.
    keeps_zero = torch.tensor([True, True, False, False, False], device=device)
    rows[..., PLACES["measures"]] = torch.where(keeps_zero, torch.where(measures > 0, shifted, measures), measures)
    return _with_gaps(rows, chance, config)


def _along(controls: Tensor, sections: int) -> Tensor:
    """Control points (B, T, K) along the tract, interpolated: (B, T, sections)."""
    return interpolate(controls, sections, mode="linear", align_corners=True)


def _with_gaps(rows: Tensor, draw: Callable[..., Tensor], config: TractAugmentConfig) -> Tensor:
    count, frames, inputs = rows.shape
    runs = draw(config.lost_frames, count, -(-frames // _RUN)).repeat_interleave(_RUN, dim=1)[:, :frames, None]
    lost = runs.expand(-1, -1, inputs).clone()
    for name in _GROUPS:
        lost[..., PLACES[name]] |= draw(config.lost_groups, count, 1, 1)
    lost[..., PLACES["size_known"]] = False
    return torch.where(lost, torch.full_like(rows, torch.nan), rows)
