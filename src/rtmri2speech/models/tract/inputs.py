"""What the tract model reads of each frame: the one place that says in which order and units, and how it is scaled.

A row of inputs are the numbers of :data:`INPUTS`; what could not be measured is NaN. :class:`TractScaler` turns them
into what the network reads. Distances are divided by the tract's own length, so that speakers of all sizes compare.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import torch
from torch import Tensor, nn

SECTIONS = 40
"""Sections of the tract, from glottis to lips."""

PARTS = 5
"""Parts of the tract, of eight sections each, over which the uncertainty of distances is averaged."""

DISTANCES = tuple(f"d{number:02d}_mm" for number in range(SECTIONS))
"""Distances of the walls across the midline, from glottis to lips, mm; 0 where closed."""

WIDTHS = tuple(f"width{number}_mm" for number in range(PARTS))
"""Mean width of the 90 % intervals of the distances in each part, mm."""

MEASURES = ("velum_mm", "lip_aperture_mm", "lip_protrusion_mm", "larynx_cm", "jaw_mm")
"""Measures of ``vocal_tract/geometry/constrictions.py``, by the same names."""

FORMANTS = tuple(f"F{number}_hz" for number in range(1, 5))
"""Formants of the tube, Hz."""

INPUTS = (*DISTANCES, *WIDTHS, "length_cm", *MEASURES, *FORMANTS, "confidence", "size_known")
"""All inputs of a frame. ``length_cm`` is from glottis to lips; ``size_known`` is 1 where the size of a pixel is known
and 0 where it was estimated from the length of the tract, which then says nothing about the speaker's."""

PLACES = {
    name: slice(INPUTS.index(names[0]), INPUTS.index(names[-1]) + 1)
    for name, names in {
        "distance": DISTANCES,
        "width": WIDTHS,
        "length": ("length_cm",),
        "measures": MEASURES,
        "formants": FORMANTS,
        "confidence": ("confidence",),
        "size_known": ("size_known",),
    }.items()
}
"""Where groups of inputs stand in a row."""

TYPICAL_CM = 15.75
"""Length of an adult's tract."""

# Of the square root that keeps 0 at 0: below this many mm it is nearly straight.
_STRAIGHT = 0.05
# Widths and frequencies of which the logarithm is taken are at least so large.
_LEAST_WIDTH, _LEAST_HZ = 0.2, 50.0
# Values lie this many robust standard deviations from the middle at most.
_FARTHEST = 6.0
# Rows that center and scale are taken from at most.
_MOST_ROWS = 50_000
# Half the distance of the quartiles of a normal distribution, in standard deviations.
_QUARTILE = 0.6745
_SCALED = ("distance", "width", "length", "measures", "formants", "confidence")
_RELATIVE = ("distance", "length", "measures", "formants")
_FLAGGED = 2 + len(MEASURES) + len(FORMANTS)


def scaled_rows(rows: Tensor, factor: Tensor) -> Tensor:
    """Rows of inputs (B, T, C) of tracts that are larger by a factor (B,): lengths by as much, formants by one over it.

    Args:
        rows: of :data:`INPUTS`.
        factor: above 0.
    """
    by = torch.ones(len(rows), 1, rows.shape[2], device=rows.device, dtype=rows.dtype)
    for name in ("distance", "width", "length", "measures"):
        by[..., PLACES[name]] = factor[:, None, None]
    by[..., PLACES["formants"]] = 1.0 / factor[:, None, None]
    return rows * by


class TractScaler(nn.Module):
    """Rows of inputs to what the network reads: compressed, relative to the recording, robustly normalized, flagged.

    Of each frame, in this order: square roots of distances, logarithms of widths and length, measures, logarithms of
    formants, confidence; distances, length, measures and formants again, less their median over the recording, in which
    what differs from speaker to speaker or from scanner to scanner is gone; where sections are closed; what is missing;
    whether the size is known. What is missing has the recording's median.

    Attributes:
        center, scale: (D,), robust mean and standard deviation over the training data.
    """

    center: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(self.size))
        self.register_buffer("scale", torch.ones(self.size))

    @property
    def size(self) -> int:
        """D, numbers per frame."""
        return _count(_SCALED) + _count(_RELATIVE) + SECTIONS + _FLAGGED + 1

    def forward(self, rows: Tensor, real: Tensor) -> Tensor:
        """Rows (B, T, C) of recordings, padded, to (B, T, D) float32; gradients pass through, but not through medians.

        Args:
            rows: of :data:`INPUTS`.
            real: (B, T), bool; False in the padding.
        """
        values = (self._values(rows, real) - self.center) / self.scale
        return values.clamp(-_FARTHEST, _FARTHEST) * real[..., None]

    def fit(self, recordings: Iterable[Tensor]) -> None:
        """Take center and scale from recordings, rows (T, C) each."""
        values = []
        for rows in recordings:
            found = self._values(rows[None], torch.ones(1, len(rows), dtype=torch.bool, device=rows.device))[0]
            values.append(found[:: max(len(found) // 200, 1)].cpu())
        every = torch.cat(values)
        # PyTorch's quantiles are of a limited number of values.
        every = every[:: -(-len(every) // _MOST_ROWS)]
        scaled = _count(_SCALED) + _count(_RELATIVE)
        low, middle, high = (every[:, :scaled].quantile(share, dim=0) for share in (0.25, 0.5, 0.75))
        spread = torch.maximum((high - low) / (2.0 * _QUARTILE), 0.5 * every[:, :scaled].std(dim=0)).clamp(min=1e-3)
        self.center[:scaled], self.scale[:scaled] = middle, spread

    def _values(self, rows: Tensor, real: Tensor) -> Tensor:
        rows = rows.float()
        rows = torch.where(real[..., None], rows, torch.full_like(rows, torch.nan))
        known = rows.isfinite()
        length = rows[..., PLACES["length"]]
        # Of recordings without any whole tract, an adult's.
        size = (_median(length) / TYPICAL_CM).nan_to_num(1.0).clamp(0.3, 3.0)
        parts = _compressed(rows, size)
        medians = {name: _median(part) for name, part in parts.items()}
        filled = {
            name: torch.where(part.isfinite(), part, medians[name].nan_to_num(0.0)).nan_to_num(0.0)
            for name, part in parts.items()
        }
        relative = [filled[name] - medians[name].nan_to_num(0.0) for name in _RELATIVE]
        distance, formants = known[..., PLACES["distance"]], known[..., PLACES["formants"]]
        closed = distance & (rows[..., PLACES["distance"]] <= 0.0)
        missing = [~distance.all(dim=-1, keepdim=True), ~known[..., PLACES["length"]]]
        missing += [~known[..., PLACES["measures"]], ~formants]
        flags = torch.cat([closed, *missing], dim=-1).float()
        size_known = rows[..., PLACES["size_known"]].nan_to_num(0.0)
        return torch.cat([*(filled[name] for name in _SCALED), *relative, flags, size_known], dim=-1)


def _compressed(rows: Tensor, size: Tensor) -> dict[str, Tensor]:
    """Groups of inputs, (B, T, n) each, of tracts of a size (B, 1, 1) relative to an adult's; NaN where unknown."""
    distance, width, length, measures, formants = (
        rows[..., PLACES[name]] for name in ("distance", "width", "length", "measures", "formants")
    )
    return {
        "distance": _root(distance / size),
        "width": (width / size).clamp(min=_LEAST_WIDTH).log(),
        "length": (length / TYPICAL_CM).clamp(min=0.1).log(),
        "measures": measures / size,
        "formants": formants.clamp(min=_LEAST_HZ).log(),
        "confidence": rows[..., PLACES["confidence"]],
    }


def _root(values: Tensor) -> Tensor:
    # A tangent of finite slope at 0: a closed section, too, has a derivative.
    known = values.isfinite()
    safe = torch.where(known, values, torch.zeros_like(values)).clamp(min=0.0)
    return torch.where(known, (safe + _STRAIGHT).sqrt() - sqrt(_STRAIGHT), values)


def _median(part: Tensor) -> Tensor:
    """Medians over the recording of what is known, (B, 1, n); constants as far as gradients go."""
    return part.detach().nanmedian(dim=1, keepdim=True).values


def _count(groups: Iterable[str]) -> int:
    return sum(PLACES[name].stop - PLACES[name].start for name in groups)
