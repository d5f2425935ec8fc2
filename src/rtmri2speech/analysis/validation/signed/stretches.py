"""Hz per millimeter by stretch of the tract, from sections; and that of a simulated speaker's true areas."""

from __future__ import annotations

import numpy as np

from rtmri2speech.analysis.widening.finite import STRETCHES
from rtmri2speech.arrays import Float64
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel, load_area_model
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

# Below this a distance has no Hz per mm to speak of.
_LEAST_MM = 0.3


def by_stretch(values: Float64, stretches: int = STRETCHES) -> Float64:
    """Sums (..., S) over stretches of sections (..., 40): what widening all of a stretch does.

    Sections that nothing is known of count for nothing; a stretch of which none is known is NaN.
    """
    parts = values.reshape(*values.shape[:-1], stretches, -1)
    known = np.isfinite(parts).any(axis=-1)
    return np.where(known, np.nan_to_num(parts).sum(axis=-1), np.nan)


def true_hz_per_mm(truth: Truth, area_model: AreaModel | str = "phantom") -> Float64:
    """Hz per mm (T, 2, 8) of a simulated tract's own areas, F1 and F2, by stretch.

    Distances and slopes are those that the area model has for the areas: VocalTractLab's tube has none.

    Args:
        truth: of the utterance.
        area_model: whose alpha and beta hold.
    """
    model = area_model if isinstance(area_model, AreaModel) else load_area_model(area_model)
    alpha, beta = model.per_section()[:2]
    middles = np.cumsum(truth.lengths, axis=1) - 0.5 * truth.lengths
    shares = middles / truth.lengths.sum(axis=1, keepdims=True)
    section = np.minimum((shares * SECTIONS).astype(int), SECTIONS - 1)
    distance = (truth.areas / alpha[section]) ** (1.0 / beta[section])
    per_mm = beta[section] / np.maximum(distance, _LEAST_MM)
    values = truth.tube_formants[..., None] * truth.sensitivity * per_mm[:, None]
    place = np.minimum((shares * STRETCHES).astype(int), STRETCHES - 1)
    return np.stack([np.where((place == one)[:, None], values, 0.0).sum(axis=2) for one in range(STRETCHES)], axis=2)
