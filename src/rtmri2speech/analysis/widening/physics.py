"""Hz per millimeter by physics: what the formants of a speaker's own tube do when a section is widened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.geometry.area_function import SHIPPED_MODELS, AreaModel, load_area_model
from rtmri2speech.vocal_tract.measurement.tract import Tract

# Of half a 90 % interval: below this a distance has no logarithm to speak of, mm.
_LEAST_MM = 0.3


@dataclass(frozen=True)
class TubeWidening:
    """Hz per mm of T frames, four formants and 40 sections from glottis to lips; NaN where it is not defined.

    Attributes:
        values: (T, 4, 40), positive where widening the section raises the formant.
        ranges: (T, 4, 40, 2), Hz per mm, bounds of the 90 % interval, ascending.
    """

    values: Float64
    ranges: Float64


def tube_widening(tract: Tract, area_model: AreaModel | str | Path | None = None) -> TubeWidening:
    """dF_n / dd_k of the speaker's own tube.

    Widening section k by dd_k changes its area by dA_k = beta_k A_k dd_k / d_k, for A = alpha d^beta, and so the
    formant (Ehrenfest 1916; Fant 1975, STL-QPSR 4, 1) by dF_n = F_n S_n(k) dA_k / A_k: F_n S_n(k) beta_k / d_k per
    mm.
    Not defined where walls touch, and where areas do not follow from distances, as in a larynx that is too narrow to be
    seen.

    The interval takes those of the formant and of the distance to be independent, in logarithms. What the area model
    itself may be wrong in its slope, and sensitivity in the other sections' areas, is not in it.

    Args:
        tract: measured.
        area_model: that it was measured with, or its file; not needed for one that comes with the program.

    Raises:
        ConfigError: when the tract was measured with another model.
    """
    model = area_model_of(tract, area_model)
    beta = model.per_section()[1]
    distance = np.where(~tract.closed & model.follows(tract.distance), tract.distance, np.nan)
    values = tract.formants[..., None] * tract.sensitivity * (beta / distance)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        narrow, wide = (np.maximum(tract.distance_range[..., side], _LEAST_MM) / distance for side in (0, 1))
        low, high = (tract.formant_range[..., side] / tract.formants for side in (0, 1))
        # A narrower tract has the larger Hz per mm.
        up = np.hypot(np.log(np.minimum(narrow, 1.0))[:, None], np.log(high)[..., None])
        down = np.hypot(np.log(np.maximum(wide, 1.0))[:, None], np.log(low)[..., None])
    bounds = values[..., None] * np.exp(np.stack([-down, up], axis=-1))
    return TubeWidening(values, np.sort(bounds, axis=-1))


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
