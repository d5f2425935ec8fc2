"""Whether regions with much attribution are those whose hiding changes the target much, frame by frame.

A relative of sensitivity-n (Ancona et al. 2018), with regions in place of random sets of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.occlusion.fills import Fill, FillFactory, hide
from rtmri2speech.analysis.validation.probe import Probe
from rtmri2speech.analysis.validation.similarity import rank_correlation
from rtmri2speech.arrays import Bool, Float64, Floating, Int64
from rtmri2speech.metrics.known import mean_of_known
from rtmri2speech.progress import SILENT, Progress

Key = TypeVar("Key", bound=Hashable)

# Fewer regions in a frame have no order to speak of.
_FEWEST = 3


@dataclass(frozen=True)
class RegionAgreement:
    """Spearman's correlation over regions of attribution and effect, mean over frames, with each of K targets.

    Attributes:
        signed: of the map's sum over the region with what is lost by hiding it, (K,).
        absolute: of the sum of the map's absolute value with the size of the change, (K,).
    """

    signed: Float64
    absolute: Float64


def region_correlation(
    probe: Probe,
    maps: Mapping[Key, Floating],
    regions: Bool | Callable[[int], Bool],
    numbers: Sequence[int] | Int64 | None = None,
    *,
    fill: Fill = "blur",
    progress: Progress = SILENT,
) -> dict[Key, RegionAgreement]:
    """Hide each region in one frame at a time, and compare with the maps' sums over it.

    Agreements are NaN where no frame shows three regions or more: fewer have no order to speak of.

    Args:
        probe: frames and targets; see :mod:`rtmri2speech.analysis.validation.probe` for an example.
        maps: signed maps (n, h, w) of n frames, by any key; they may be coarser than the frames.
        regions: masks (R, H, W), or frame number to masks; those without a pixel in a frame do not count there.
        numbers: of the n frames; all of the probe's where None.
        fill: what a region is replaced by.
        progress: counts frames.
    """
    chosen = range(len(probe.frames)) if numbers is None else [int(number) for number in numbers]
    factory = FillFactory(probe.mean)
    height, width = probe.frames.shape[-2:]
    signed: dict[Key, list[Float64]] = {key: [] for key in maps}
    absolute: dict[Key, list[Float64]] = {key: [] for key in maps}
    for place, number in enumerate(chosen):
        every = regions(number) if callable(regions) else regions
        masks = torch.from_numpy(every[every.any(axis=(1, 2))])
        sharp = probe.frame(number)
        repeated = sharp.expand(max(len(masks), 1), *sharp.shape)
        over = masks.to(sharp.device).reshape(len(masks), *[1] * (sharp.ndim - 2), height, width)
        progress.advance()
        if len(masks) < _FEWEST:
            continue
        hidden = hide(repeated, over, factory.fill(fill, repeated, over), 0.0)
        values = probe.respond(number, torch.cat([repeated[:1], hidden]))
        lost = values[:, :1] - values[:, 1:]
        flat = masks.flatten(1).numpy().astype(np.float64)
        for key, of_frames in maps.items():
            pixels = to_pixels(of_frames[place], height, width).ravel()
            signed[key].append(rank_correlation((flat @ pixels)[None], lost))
            absolute[key].append(rank_correlation((flat @ np.abs(pixels))[None], np.abs(lost)))
    unknown = _unknown(probe, chosen)
    return {
        key: RegionAgreement(
            mean_of_known(np.stack([*signed[key], unknown])), mean_of_known(np.stack([*absolute[key], unknown]))
        )
        for key in maps
    }


def _unknown(probe: Probe, chosen: Sequence[int]) -> Float64:
    """NaN for each of the K targets, (K,)."""
    count = len(probe.respond(chosen[0], probe.frame(chosen[0])[None])) if chosen else 1
    return np.full(count, np.nan)
