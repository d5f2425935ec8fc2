"""Deletion and insertion: does the target change most where the map says so, and more than where anyone would look?

After Petsiuk et al. 2018 (RISE). Pixels of one frame are blurred, or brought back into the blurred frame, in the
order of their importance; all other frames stay, since a map tells of its own frame only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, sobel
from torch import Tensor

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.occlusion.fills import Painter
from rtmri2speech.analysis.validation.probe import Probe, Variant

Floats = NDArray[np.float64]

FRACTIONS = (0.0, 0.05, 0.15, 0.35, 0.65, 1.0)
"""Shares of the picture that are deleted or inserted."""
BASELINES = ("random", "edge", "motion", "centre")
"""Orders that know nothing of the model."""

# Standard deviations as shares of the picture: grain of the baselines, that of the finer maps; width of the centre.
_GRAIN, _CENTRE = 1.0 / 32.0, 0.25


@dataclass(frozen=True)
class Curve:
    """What one order of pixels does to one target.

    Attributes:
        order: a variant, or the name of a baseline.
        target: number of the target among the probe's.
        deletion: distance of the target from its value at each of :data:`FRACTIONS` deleted, (n, F) for n frames.
        insertion: the same at each fraction inserted.
    """

    order: Variant | str
    target: int
    deletion: Floats
    insertion: Floats

    def area(self, deletion: bool) -> Floats:
        """Area under the curve of each frame, (n,), in the target's unit."""
        return np.asarray(np.trapezoid(self.deletion if deletion else self.insertion, FRACTIONS, axis=1))


def draw_curves(
    probe: Probe, chosen: NDArray[np.int64], seed: int = 0, on_frame: Callable[[], None] = lambda: None
) -> list[Curve]:
    """Curves of every variant for its own targets, and of every baseline for all of them.

    Args:
        probe: the clip.
        chosen: frames to change.
        seed: of the random order.
        on_frame: called after each frame.
    """
    maps = probe.maps(chosen)
    painter = Painter(torch.zeros(probe.frames.shape[1:]).to(probe.explainer.device))
    rng = np.random.default_rng(seed)
    found: dict[tuple[Variant | str, int], list[tuple[Floats, Floats]]] = {}
    for place, frame in enumerate(chosen.tolist()):
        picture = probe.picture(frame)
        blurred = painter.blurred(picture[None])[0]
        before, after = probe.respond(frame, torch.stack([picture, blurred])).T
        for name, importance in _baselines(probe, frame, rng).items():
            one = _distances(probe, frame, picture, blurred, importance, before, after)
            for target in range(len(probe.targets)):
                found.setdefault((name, target), []).append((one[0][target], one[1][target]))
        known: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        for variant in probe.variants:
            for band in range(len(probe.bands)):
                target = probe.index(variant.target, band)
                # A frame's maps of a power and of its level differ by a factor: the same pixels come first.
                twin = probe.index("log-energy", band) if _has_twin(variant, probe) else target
                key = (variant.stride, twin)
                if key not in known:
                    cells = torch.from_numpy(maps[variant.stride][twin, place])
                    importance = np.abs(to_pixels(cells, len(picture)))
                    known[key] = _distances(probe, frame, picture, blurred, importance, before, after)
                one = known[key]
                found.setdefault((variant, target), []).append((one[0][target], one[1][target]))
        on_frame()
    return [
        Curve(order, target, np.stack([one for one, _ in pairs]), np.stack([one for _, one in pairs]))
        for (order, target), pairs in found.items()
    ]


def gains(curves: list[Curve], variant: Variant, target: int, deletion: bool) -> dict[str, float]:
    """How many times better than each baseline: median over frames of the areas' ratio, above 1 where it is better.

    Deleting what matters changes the target much; inserting it brings the target back soon.
    """
    areas = {curve.order: curve.area(deletion) for curve in curves if curve.target == target}
    ratios = {}
    for name in BASELINES:
        ours, theirs = (areas[variant], areas[name]) if deletion else (areas[name], areas[variant])
        known = theirs > 0
        ratios[name] = float(np.median(ours[known] / theirs[known])) if known.any() else float("nan")
    return ratios


def _has_twin(variant: Variant, probe: Probe) -> bool:
    return variant.target == "energy" and "log-energy" in probe.kinds


def _distances(
    probe: Probe, frame: int, picture: Tensor, blurred: Tensor, importance: NDArray[np.floating], *ends: Floats
) -> tuple[Floats, Floats]:
    """Distances from the target with nothing changed, (B, F) each: deletion and insertion."""
    before, after = ends
    order = np.argsort(-importance.ravel(), kind="stable")
    rank = np.empty(order.size)
    rank[order] = np.arange(order.size)
    place = torch.from_numpy(rank.reshape(importance.shape)).to(picture.device)
    tops = [place < fraction * order.size for fraction in FRACTIONS[1:-1]]
    deleted = (torch.where(top, blurred, picture) for top in tops)
    inserted = (torch.where(top, picture, blurred) for top in tops)
    values = probe.respond(frame, torch.stack(list(chain(deleted, inserted))))
    count = len(tops)
    deletion = np.column_stack([before, values[:, :count], after])
    insertion = np.column_stack([after, values[:, count:], before])
    return np.abs(deletion - before[:, None]), np.abs(insertion - before[:, None])


def _baselines(probe: Probe, frame: int, rng: np.random.Generator) -> dict[str, Floats]:
    pictures = probe.frames[max(frame - 1, 0) : frame + 2].numpy().astype(np.float64)
    now = probe.frames[frame].numpy().astype(np.float64)
    size = len(now)
    y, x = (np.indices(now.shape) + 0.5) / size - 0.5
    plain = {
        "random": rng.standard_normal(now.shape),
        "edge": np.hypot(sobel(now, axis=0), sobel(now, axis=1)),
        "motion": np.ptp(pictures, axis=0),
    }
    smooth = {name: gaussian_filter(values, _GRAIN * size, mode="nearest") for name, values in plain.items()}
    return {**smooth, "centre": np.exp(-0.5 * (x**2 + y**2) / _CENTRE**2)}
