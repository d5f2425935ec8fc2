"""Whether regions with much attribution are those whose hiding changes the target much, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.occlusion.fills import Fill, Painter, hide
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.analysis.validation.probe import Probe, Variant
from rtmri2speech.analysis.validation.similarity import rank_correlation

# Fewer regions in a frame have no order to speak of.
_FEWEST = 3


@dataclass(frozen=True)
class RegionAgreement:
    """Spearman's correlation over regions of attribution and effect, mean over frames.

    Attributes:
        variant, target: which maps, and the number of the target among the probe's.
        signed: of the map's sum over the region with what is lost by hiding it.
        absolute: of the sum of the map's absolute value with the size of the change.
    """

    variant: Variant
    target: int
    signed: float
    absolute: float


def compare_regions(
    probe: Probe,
    regions: Regions,
    chosen: NDArray[np.int64],
    fill: Fill = "blur",
    on_frame: Callable[[], None] = lambda: None,
) -> list[RegionAgreement]:
    """Hide each region in one frame at a time, and compare with the maps' sums over them.

    Agreements are NaN where no frame shows three regions or more: fewer have no order to speak of.

    Args:
        probe: the clip.
        regions: where; those without a pixel in a frame do not count there.
        chosen: frames to change.
        fill: what stands in the place of a region.
        on_frame: called after each frame.
    """
    maps = probe.maps(chosen)
    mean = probe.frames.float().mean(dim=0).to(probe.explainer.device) / 255.0
    painter = Painter(mean)
    found: dict[tuple[Variant, int], list[tuple[float, float]]] = {
        (variant, probe.index(variant.target, band)): []
        for variant in probe.variants
        for band in range(len(probe.bands))
    }
    for place, frame in enumerate(chosen.tolist()):
        every = regions.at(frame)
        masks = torch.from_numpy(every[every.any(axis=(1, 2))]).to(mean.device)
        on_frame()
        if len(masks) < _FEWEST:
            continue
        pictures = probe.picture(frame).expand(len(masks), -1, -1)
        hidden = hide(pictures, masks, painter.fill(fill, pictures, masks), 0.0)
        values = probe.respond(frame, torch.cat([pictures[:1], hidden]))
        lost = values[:, :1] - values[:, 1:]
        flat = masks.flatten(1).cpu().numpy().astype(np.float64)
        for variant in probe.variants:
            for band in range(len(probe.bands)):
                target = probe.index(variant.target, band)
                pixels = to_pixels(torch.from_numpy(maps[variant.stride][target, place]), len(mean)).ravel()
                one = rank_correlation(flat @ pixels, lost[target])
                other = rank_correlation(flat @ np.abs(pixels), np.abs(lost[target]))
                found[variant, target].append((float(one), float(other)))
    return [
        RegionAgreement(variant, target, *(float(value) for value in _means(np.array(pairs).reshape(-1, 2))))
        for (variant, target), pairs in found.items()
    ]


def _means(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    count = np.isfinite(pairs).sum(axis=0)
    return np.asarray(np.nansum(pairs, axis=0) / np.where(count > 0, count, np.nan))
