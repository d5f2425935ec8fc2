"""What the inputs of a tract model do when a section is widened: the part of the derivative that needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.widening.physics import tube_slopes
from rtmri2speech.arrays import Float64
from rtmri2speech.inference.tract.inputs import retimed
from rtmri2speech.models.tract.inputs import FORMANTS
from rtmri2speech.signal.retiming import Retiming
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.tract import Tract


@dataclass(frozen=True)
class InputSlopes:
    """Derivatives of inputs by the widening of each section, on the model's clock.

    Attributes:
        distance: (T, 40), mm of distance per mm: the share of a frame's time in which the section is open; NaN where it
            is closed throughout, or not known.
        formants: (T, 4, 40), Hz per mm, of the tube's formants; 0 where they do not depend on the section.
    """

    distance: Float64
    formants: Float64


def input_slopes(
    tract: Tract, retiming: Retiming, first: int = 0, area_model: AreaModel | str | Path | None = None
) -> InputSlopes:
    """Derivatives of what :func:`~rtmri2speech.inference.tract.inputs.tract_inputs` gives.

    Distances change by what a section is widened by, and the tube's formants by F_n S_n(k) beta_k / d_k
    (:func:`~rtmri2speech.analysis.widening.physics.tube_slopes`). The other inputs do not depend on distances, but for
    whether a section is closed: where walls touch, a section stays closed, and nothing is said of it.

    Args:
        tract: at its video's frame rate.
        retiming: of the video's frames from ``first`` on.
        first: frame of the video that the clock starts at.
        area_model: that the tract was measured with, or its file; not needed for one that comes with the program.

    Raises:
        ConfigError: when the tract was measured with another area model.
    """
    known = np.isfinite(tract.distance)
    opened = np.where(known, ~tract.closed & (tract.distance > 0.0), np.nan)
    by_tube = np.nan_to_num(tube_slopes(tract, area_model))
    # Means over what is known go over the same frames as those of the formants themselves.
    formants = np.where(np.isfinite(tract.formants)[..., None], by_tube, np.nan)[first:]
    count = len(formants)
    distance = retimed(opened[first:], retiming)
    return InputSlopes(
        np.where(distance > 0.0, distance, np.nan),
        np.nan_to_num(retimed(formants.reshape(count, -1), retiming)).reshape(-1, len(FORMANTS), SECTIONS),
    )
