"""Deletion and insertion: does the target change most where the map says so, and more than where anyone would look?

After Petsiuk et al. 2018 (RISE). Pixels of one frame are blurred, or brought back into the blurred frame, in the
order of their importance; all other frames stay, since a map describes its own frame only.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic, Literal, TypeVar

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, sobel
from torch import Tensor

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.occlusion.fills import FillFactory
from rtmri2speech.analysis.validation.probe import Probe
from rtmri2speech.arrays import Float64, Floating, Int64
from rtmri2speech.progress import SILENT, Progress

Key = TypeVar("Key", bound=Hashable)
Test = Literal["deletion", "insertion"]

FRACTIONS = (0.0, 0.05, 0.15, 0.35, 0.65, 1.0)
"""Shares of the frame that are deleted or inserted."""

# Standard deviations as shares of the frame: grain of the baselines, that of the finer maps; width of the center.
_GRAIN, _CENTER = 1.0 / 32.0, 0.25


@dataclass(frozen=True)
class Curves:
    """What one order of pixels does to K targets in n frames.

    Attributes:
        fractions: shares of the frame, (F,), from 0 to 1.
        deletion: distance of each target from its value at each fraction deleted, (K, n, F), in the target's unit.
        insertion: the same at each fraction inserted.
    """

    fractions: tuple[float, ...]
    deletion: Float64
    insertion: Float64

    def area(self, test: Test) -> Float64:
        """Area under the curve of each target and frame, (K, n), in the target's unit."""
        values = self.deletion if test == "deletion" else self.insertion
        return np.asarray(np.trapezoid(values, self.fractions, axis=-1))


@dataclass(frozen=True)
class DeletionInsertion(Generic[Key]):
    """Curves of maps, and of orders that know nothing of the model.

    Attributes:
        maps: by the maps' keys.
        baselines: ``random``, ``edge``, ``motion`` (where frames follow each other) and distance from the center.
    """

    maps: dict[Key, Curves]
    baselines: dict[str, Curves]

    def gains(self, key: Key, test: Test, target: int = 0) -> dict[str, float]:
        """How many times better maps do than each baseline: median over frames of the ratio of areas.

        Deleting what matters changes the target much; inserting it brings the target back soon: above 1 is better.

        Args:
            key: of the maps.
            test: which of the two.
            target: number of the target that the maps explain.
        """
        own = self.maps[key].area(test)[target]
        ratios = {}
        for name, curves in self.baselines.items():
            other = curves.area(test)[target]
            better, worse = (own, other) if test == "deletion" else (other, own)
            known = worse > 0
            ratios[name] = float(np.median(better[known] / worse[known])) if known.any() else float("nan")
        return ratios


def deletion_insertion(
    probe: Probe,
    maps: Mapping[Key, Floating],
    numbers: Sequence[int] | Int64 | None = None,
    *,
    fractions: Sequence[float] = FRACTIONS,
    seed: int = 0,
    progress: Progress = SILENT,
) -> DeletionInsertion[Key]:
    """Delete and insert pixels in the order of maps and of baselines.

    Pixels with the largest values of either sign come first.

    Args:
        probe: frames and targets; see :mod:`rtmri2speech.analysis.validation.probe` for an example.
        maps: signed maps (n, h, w) of n frames, by any key; they may be coarser than the frames.
        numbers: of the n frames; all of the probe's where None.
        fractions: shares of the frame, rising from 0 to 1.
        seed: of the random order.
        progress: counts frames.

    Raises:
        ValueError: when the fractions do not rise from 0 to 1, or maps and frames differ in number.
    """
    chosen = range(len(probe.frames)) if numbers is None else [int(number) for number in numbers]
    steps = tuple(float(fraction) for fraction in fractions)
    if len(steps) < 2 or (steps[0], steps[-1]) != (0.0, 1.0) or min(np.diff(steps)) <= 0:
        raise ValueError(f"fractions must rise from 0 to 1, not {steps}")
    for key, values in maps.items():
        if len(values) != len(chosen):
            raise ValueError(f"{len(values)} maps '{key}' for {len(chosen)} frames")
    factory = FillFactory(probe.mean)
    rng = np.random.default_rng(seed)
    of_maps: dict[Key, list[_Distances]] = {key: [] for key in maps}
    of_baselines: dict[str, list[_Distances]] = {}
    height, width = probe.frames.shape[-2:]
    for place, number in enumerate(chosen):
        frame = _Frame(probe, number, factory, steps)
        for name, importance in _baselines(probe, number, rng).items():
            of_baselines.setdefault(name, []).append(frame.distances(importance))
        for key, values in maps.items():
            of_maps[key].append(frame.distances(np.abs(to_pixels(values[place], height, width))))
        progress.advance()
    return DeletionInsertion(
        {key: _stacked(steps, found) for key, found in of_maps.items()},
        {name: _stacked(steps, found) for name, found in of_baselines.items()},
    )


@dataclass(frozen=True)
class _Distances:
    """Of one frame, (K, F) each."""

    deletion: Float64
    insertion: Float64


class _Frame:
    """A frame as it is and blurred, and the targets' values for both."""

    def __init__(self, probe: Probe, number: int, factory: FillFactory, fractions: tuple[float, ...]) -> None:
        self._probe, self._number, self._fractions = probe, number, fractions
        self._sharp: Tensor = probe.frame(number)
        self._blurred = factory.blurred(self._sharp[None])[0]
        self._before, self._after = probe.respond(number, torch.stack([self._sharp, self._blurred])).T

    def distances(self, importance: Floating) -> _Distances:
        """Distances from the targets with nothing changed, pixels (H, W) with the largest importance first."""
        order = np.argsort(-importance.ravel(), kind="stable")
        rank = np.empty(order.size)
        rank[order] = np.arange(order.size)
        place = torch.from_numpy(rank.reshape(importance.shape)).to(self._sharp.device)
        tops = [place < fraction * order.size for fraction in self._fractions[1:-1]]
        deleted = (torch.where(top, self._blurred, self._sharp) for top in tops)
        inserted = (torch.where(top, self._sharp, self._blurred) for top in tops)
        changed = list(chain(deleted, inserted))
        values = (
            self._probe.respond(self._number, torch.stack(changed)) if changed else np.empty((len(self._before), 0))
        )
        count = len(tops)
        deletion = np.column_stack([self._before, values[:, :count], self._after])
        insertion = np.column_stack([self._after, values[:, count:], self._before])
        before = self._before[:, None]
        return _Distances(np.abs(deletion - before), np.abs(insertion - before))


def _stacked(fractions: tuple[float, ...], found: Sequence[_Distances]) -> Curves:
    deletion, insertion = ([one.deletion for one in found], [one.insertion for one in found])
    return Curves(fractions, np.stack(deletion, axis=1), np.stack(insertion, axis=1))


def _baselines(probe: Probe, number: int, rng: np.random.Generator) -> dict[str, Float64]:
    """Importance of pixels, (H, W), to somebody who knows nothing of the model."""
    now = _gray(probe.frames[number])
    height, width = now.shape
    y, x = np.indices(now.shape) + 0.5
    y, x = y / height - 0.5, x / width - 0.5
    plain = {"random": rng.standard_normal(now.shape), "edge": np.hypot(sobel(now, axis=0), sobel(now, axis=1))}
    if probe.in_sequence:
        around = probe.frames[max(number - 1, 0) : number + 2]
        plain["motion"] = np.ptp(np.stack([_gray(one) for one in around]), axis=0)
    grain = _GRAIN * min(height, width)
    smooth = {name: gaussian_filter(values, grain, mode="nearest") for name, values in plain.items()}
    return {**smooth, "centre": np.exp(-0.5 * (x**2 + y**2) / _CENTER**2)}


def _gray(frame: Tensor) -> Float64:
    """A frame (..., H, W) without its channels, (H, W)."""
    values = frame.cpu().double()
    return np.asarray(values.reshape(-1, *frame.shape[-2:]).mean(dim=0).numpy())
