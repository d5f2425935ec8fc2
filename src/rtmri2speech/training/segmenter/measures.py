"""How well labels agree: Dice by class, and how far the tongue's surface is off."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rtmri2speech.data.labels import CLASSES, UNKNOWN

_TONGUE, _AIRWAY = (tuple(CLASSES).index(name) for name in ("tongue", "airway"))
# What a surface that was not found at all counts as, and the most any counts: pixels.
_LOST = 20.0


class LabelSums:
    """Sums over frames, and the figures that follow.

    Args:
        device: of the frames.
        surface: measure the tongue's surface too, which needs labels of whole frames.
    """

    def __init__(self, device: torch.device, *, surface: bool = True) -> None:
        self._counts = torch.zeros(len(CLASSES), len(CLASSES), dtype=torch.float64, device=device)
        self._distances: list[float] = []
        self._surface = surface

    def update(self, found: Tensor, true: Tensor) -> None:
        """Add frames: classes (B, S, S) each; UNKNOWN in ``true`` is left out."""
        known = true != UNKNOWN
        pairs = true[known] * len(CLASSES) + found[known]
        self._counts += torch.bincount(pairs, minlength=len(CLASSES) ** 2).reshape(self._counts.shape)
        if self._surface:
            self._distances += [
                value
                for one, other in zip(found, true, strict=True)
                if (value := surface_distance(one, other)) is not None
            ]

    def dice(self) -> dict[str, float]:
        """Dice by class over all pixels together; NaN where a class is in neither."""
        counts = self._counts
        both = counts.sum(0) + counts.sum(1)
        return dict(zip(CLASSES, (2.0 * counts.diagonal() / both).tolist(), strict=True))

    def figures(self) -> dict[str, float]:
        """``dice`` (mean over classes without background), ``dice_<class>``, ``tongue_px``, and their ``loss``."""
        by_class = self.dice()
        shown = [value for name, value in by_class.items() if name != "background" and math.isfinite(value)]
        dice = sum(shown) / len(shown) if shown else 0.0
        found = {"dice": dice, **{f"dice_{name}": value for name, value in by_class.items()}}
        if self._distances:
            found["tongue_px"] = sum(self._distances) / len(self._distances)
        return {"loss": 1.0 - dice + found.get("tongue_px", 0.0) / _LOST, **found}


def surface_distance(found: Tensor, true: Tensor) -> float | None:
    """Mean distance between two tongue surfaces, both ways, pixels; at most 20, None where there is none in truth.

    The surface is where tongue and airway touch.

    Args:
        found, true: classes (S, S).
    """
    mine, theirs = surface(found), surface(true)
    if not len(theirs):
        return None
    if not len(mine):
        return _LOST
    between = torch.cdist(mine, theirs)
    mean = 0.5 * (between.amin(0).clamp(max=_LOST).mean() + between.amin(1).clamp(max=_LOST).mean())
    return float(mean)


def surface(classes: Tensor) -> Tensor:
    """Middles of the edges between tongue and airway pixels, (K, 2) row and column, of classes (S, S)."""
    tongue, airway = classes == _TONGUE, classes == _AIRWAY
    below = (tongue[1:] & airway[:-1]) | (tongue[:-1] & airway[1:])
    beyond = (tongue[:, 1:] & airway[:, :-1]) | (tongue[:, :-1] & airway[:, 1:])
    down = torch.tensor([0.5, 0.0], device=classes.device)
    return torch.cat([below.nonzero() + down, beyond.nonzero() + down.flip(0)])
