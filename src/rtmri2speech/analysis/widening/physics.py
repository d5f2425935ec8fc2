"""Hz per millimeter by physics: what the formants of a speaker's own tube do when a section is widened.

How sure that is follows from the segmenter's probabilities, as it does for the tube's formants: distances and areas are
drawn within their intervals, and each draw is answered anew. Near a node of a standing wave the sign itself may be
open, and intervals reach across 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.acoustics.formants import tube_formants
from rtmri2speech.vocal_tract.geometry.area_function import INTERVAL_FACTOR, SHIPPED_MODELS, AreaModel, load_area_model
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.formants import BEYOND_AREAS, NEIGHBORS
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract

DRAWS = 64
"""Draws of each frame's tube: intervals differ by some 10 % from those of a thousand."""

# Below this a distance has no logarithm to speak of, mm.
_LEAST_MM = 0.3
# No section is this many times wider or narrower than it seems, in log area.
_MOST = 2.3
# Half of a normal distribution's 90 % interval, in standard deviations.
_HALF_90 = 1.645
_SEED = 20_261_130
# Frames whose draws are in memory at once.
_FRAMES_AT_ONCE = 32
_USED = ("distance", "distance_range", "area", "area_range", "closed", "length", "formants", "sensitivity")
_QUANTILES = (0.05, 0.95)


@dataclass(frozen=True)
class TubeWidening:
    """Hz per mm of T frames, four formants and 40 sections from glottis to lips; NaN where it is not defined.

    Attributes:
        values: (T, 4, 40), positive where widening the section raises the formant.
        ranges: (T, 4, 40, 2), Hz per mm, bounds of the 90 % interval, ascending.
        walls: (T, 4, W), of whole walls, moved away from the airway; None where no walls were given.
        wall_ranges: (T, 4, W, 2), bounds of their 90 % intervals; None likewise.
    """

    values: Float64
    ranges: Float64
    walls: Float64 | None = None
    wall_ranges: Float64 | None = None


def tube_widening(
    tract: Tract,
    area_model: AreaModel | str | Path | None = None,
    walls: Float64 | None = None,
    frames: Int64 | None = None,
) -> TubeWidening:
    """dF_n / dd_k of the speaker's own tube.

    Widening section k by dd_k changes its area by dA_k = beta_k A_k dd_k / d_k, for A = alpha d^beta, and so the
    formant (Ehrenfest 1916; Fant 1975, STL-QPSR 4, 1) by dF_n = F_n S_n(k) dA_k / A_k: F_n S_n(k) beta_k / d_k per
    mm. Not defined where walls touch, and where areas do not follow from distances, as in a larynx that is too narrow
    to be seen. A wall that is moved by 1 mm widens each section that it bounds by 1 mm.

    The intervals are those of :data:`DRAWS` tubes, whose distances and areas are drawn as :func:`formant_ranges
    <rtmri2speech.vocal_tract.measurement.formants.formant_ranges>` takes them to be distributed: the segmenter's part
    moves a distance and its area together, the area model's part the area alone, and errors of neighboring sections go
    together. What the area model may be wrong in its slope is not in it, nor is the size of a pixel.

    Args:
        tract: measured.
        area_model: that it was measured with, or its file; not needed for one that comes with the program.
        walls: (T, W, 40), how much of each section each of W walls bounds, 0 to 1.
        frames: (T,), which of the tract's are wanted; all if None.

    Raises:
        ConfigError: when the tract was measured with another model.
    """
    model = area_model_of(tract, area_model)
    tract = tract if frames is None else replace(tract, **{name: getattr(tract, name)[frames] for name in _USED})
    beta, known = model.per_section()[1], _known(tract, model)
    values = _slopes(tract, beta, known)
    moved = None if walls is None else _of_walls(values, walls)
    ranges = np.full((*values.shape, 2), np.nan)
    wall_ranges = None if moved is None else np.full((*moved.shape, 2), np.nan)
    draw = _Draws(tract, beta, known)
    for first in range(0, len(values), _FRAMES_AT_ONCE):
        rows = slice(first, first + _FRAMES_AT_ONCE)
        drawn = draw(rows)
        ranges[rows] = _interval(drawn, values[rows])
        if walls is not None and moved is not None and wall_ranges is not None:
            wall_ranges[rows] = _interval(_of_walls(drawn, walls[rows]), moved[rows])
    return TubeWidening(values, ranges, moved, wall_ranges)


def tube_slopes(tract: Tract, area_model: AreaModel | str | Path | None = None) -> Float64:
    """The values alone, (T, 4, 40), without their intervals, which take all of the time.

    Raises:
        ConfigError: when the tract was measured with another model.
    """
    model = area_model_of(tract, area_model)
    return _slopes(tract, model.per_section()[1], _known(tract, model))


def _known(tract: Tract, model: AreaModel) -> Bool:
    """Where areas follow from distances, (T, 40)."""
    return np.asarray(~tract.closed & model.follows(tract.distance))


def _slopes(tract: Tract, beta: Float64, known: Bool) -> Float64:
    distance = np.where(known, tract.distance, np.nan)
    return np.asarray(tract.formants[..., None] * tract.sensitivity * (beta / distance)[:, None])


def _of_walls(values: Float64, walls: Float64) -> Float64:
    """Sums (..., T, 4, W) over the sections (T, W, 40) of walls.

    NaN where nothing is known of half of what a wall bounds, or where it bounds nothing.
    """
    there = np.isfinite(values)
    bounded = walls.sum(axis=-1)
    known = np.einsum("...tnk,twk->...tnw", there.astype(np.float64), walls)
    total = np.einsum("...tnk,twk->...tnw", np.where(there, values, 0.0), walls)
    return np.asarray(np.where((known > 0.5 * bounded[:, None]) & (bounded[:, None] > 0.0), total, np.nan))


def _interval(drawn: Float64, values: Float64) -> Float64:
    """Bounds (..., 2) of what draws (D, ...) gave, the values themselves within; NaN where these are."""
    low, high = _quantiles(drawn, _QUANTILES)
    bounds = np.stack([np.fmin(low, values), np.fmax(high, values)], axis=-1)
    return np.asarray(np.where(np.isnan(values)[..., None], np.nan, bounds))


def _quantiles(drawn: Float64, shares: tuple[float, ...]) -> list[Float64]:
    """Quantiles of what is known of draws (D, ...), one array for each share; NaN where nothing is.

    As :func:`numpy.nanquantile` has them, which goes through the columns one by one as soon as one of them has a NaN.
    """
    ordered = np.sort(drawn, axis=0)  # NaN last
    last = np.maximum(len(drawn) - 1 - np.isnan(drawn).sum(axis=0), 0)
    found = []
    for share in shares:
        place = share * last
        below = place.astype(np.intp)
        low, high = (np.take_along_axis(ordered, row[None], axis=0)[0] for row in (below, np.minimum(below + 1, last)))
        found.append(low + (place - below) * (high - low))
    return found


class _Draws:
    """Hz per mm of tubes that a tract may have had."""

    def __init__(self, tract: Tract, beta: Float64, known: Bool) -> None:
        self._tract, self._beta, self._known = tract, beta, known
        sections = np.arange(SECTIONS)
        self._together = np.linalg.cholesky(NEIGHBORS ** np.abs(sections[:, None] - sections)).T
        least = np.maximum(tract.distance, _LEAST_MM)
        bounds = np.maximum(tract.distance_range, _LEAST_MM)
        with np.errstate(invalid="ignore", divide="ignore"):
            # In logarithms; what intervals of areas are made narrower by goes for their parts.
            apart = INTERVAL_FACTOR * np.abs(np.log(bounds / least[..., None]))
            self._distance = np.nan_to_num(np.minimum(apart, _MOST))
            area = np.nan_to_num(np.minimum(np.abs(np.log(tract.area_range / tract.area[..., None])), _MOST))
            self._rest = np.sqrt(np.maximum(area**2 - (beta[:, None] * self._distance) ** 2, 0.0))

    def __call__(self, rows: slice) -> Float64:
        """(D, t, 4, 40), of some frames."""
        tract = self._tract
        # The same errors for every frame: what is drawn changes with the tract alone, and not from frame to frame.
        normal = np.random.default_rng(_SEED).standard_normal((3, DRAWS // 2, SECTIONS)) / _HALF_90
        normal = np.concatenate([normal, -normal], axis=1)
        of_walls, of_model = ((one @ self._together)[:, None] for one in normal[:2])
        beyond = np.exp(normal[2, :, None, :FORMANTS] * np.array(BEYOND_AREAS))
        wider = _sided(of_walls, self._distance[rows])
        area = tract.area[rows] * np.exp(self._beta * wider + _sided(of_model, self._rest[rows]))
        distance = np.where(self._known[rows], tract.distance[rows] * np.exp(wider), np.nan)
        length = tract.length[rows]
        there = np.isfinite(length) & np.isfinite(area[0]).all(axis=-1)
        found = np.full((DRAWS, len(length), FORMANTS, SECTIONS), np.nan)
        lengths = np.broadcast_to((length[there] / SECTIONS)[None, :, None], area[:, there].shape)
        tube = tube_formants(lengths, area[:, there], FORMANTS)
        found[:, there] = tube.frequencies[..., None] * tube.area_sensitivity
        return np.asarray(found * beyond[..., None] * (self._beta / distance)[:, :, None])


def _sided(normal: Float64, widths: Float64) -> Float64:
    """Errors (D, t, 40) from normal ones (D, 1, 40), by widths (t, 40, 2) to below and to above."""
    return np.where(normal < 0.0, normal * widths[..., 0], normal * widths[..., 1])


def area_model_of(tract: Tract, area_model: AreaModel | str | Path | None) -> AreaModel:
    """The area model that a tract was measured with: the one given, or else the one that has its name."""
    if area_model is None and tract.area_model in SHIPPED_MODELS:
        area_model = tract.area_model
    model = area_model if isinstance(area_model, AreaModel) else load_area_model(area_model)
    if model.name != tract.area_model:
        raise ConfigError(
            f"the tract was measured with the area model '{tract.area_model}', not '{model.name}'.",
            "Give the same one: `area_model=FILE`",
        )
    return model
