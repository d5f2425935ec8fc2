"""A measured tract whose walls are moved as those of its frames are, and what its tube then sounds like."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.analysis.widening.physics import area_model_of
from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.tract import Tract


def wall_points(midline: Float64, distance: Float64) -> Float64:
    """Both walls of every section, (2, 40, 2), mm, from the midline (41, 2), mm, and distances (40,), mm."""
    middles = 0.5 * (midline[:-1] + midline[1:])
    half = 0.5 * distance[:, None] * across(midline)
    return np.stack([middles + half, middles - half])


def across(midline: Float64) -> Float64:
    """Unit vectors (40, 2) across the midline's sections."""
    steps = np.diff(midline, axis=0)
    size = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    return np.stack([steps[:, 1], -steps[:, 0]], axis=1) / size[:, None]


def moved_section(midline: Float64, distance: Float64, moves: Float64) -> tuple[Float64, float]:
    """A frame's distances (40,), mm, and its length over that before, once its walls have moved.

    The midline stays in the middle of the walls, so that lips which are pushed forward lengthen the tract.

    Args:
        midline: (41, 2), mm.
        distance: (40,), mm.
        moves: (2, 40, 2), mm, of the walls of :func:`wall_points`.
    """
    apart = ((moves[0] - moves[1]) * across(midline)).sum(axis=1)
    shift = moves.mean(axis=0)
    # Ends of sections lie between their middles; the first and the last go along with theirs.
    ends = np.concatenate([shift[:1], 0.5 * (shift[:-1] + shift[1:]), shift[-1:]])
    before, after = (np.hypot(*np.diff(line, axis=0).T).sum() for line in (midline, midline + ends))
    return np.maximum(distance + apart, 0.0), float(after / before)


def tube_change(
    tract: Tract, distance: Float64, longer: Float64, moved: Bool, area_model: AreaModel | str | Path | None = None
) -> Float64:
    """What the formants of the speaker's own tube do, (T, 4), Hz; NaN where nothing was moved, or there is no tube.

    Areas follow from distances by the area model, and change in the ratio of what it gives for both, so that a section
    whose area is held does not change.

    Args:
        tract: measured.
        distance: (T, 40), mm, after the movement.
        longer: (T,), length after the movement over that before.
        moved: (T,), which frames were.
        area_model: that the tract was measured with; not needed for one that comes with the program.

    Raises:
        ConfigError: when the tract was measured with another model.
    """
    model = area_model_of(tract, area_model)
    narrow, wide = (model.areas(one) for one in (tract.distance, distance))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(narrow > 0.0, wide / narrow, 1.0)
    area = np.where(moved[:, None], tract.area * ratio, np.nan)
    result = np.full((len(moved), tract.formants.shape[1]), np.nan)
    chosen = np.flatnonzero(moved)
    if len(chosen):
        after, before = (
            tract_formants(length[chosen], one[chosen], np.repeat(one[chosen][..., None], 2, axis=-1)).frequencies
            for length, one in ((tract.length * longer, area), (tract.length, tract.area))
        )
        result[chosen] = after - before
    return result
