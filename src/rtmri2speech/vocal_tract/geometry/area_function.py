"""Areas from distances: A = alpha d^beta, by region of the tract.

The form is that of Heinz and Stevens (1965, Proc. 5th Int. Congr. Acoust., A44). The model that comes with the program
is fitted on simulated heads by ``benchmarks/area_model.py``. Others have published alpha and beta of their speakers,
for regions of their own: Sundberg, Johansson, Wilbrand and Ytterbergh (1987, Phonetica 44, 76), the pharynx; Perrier,
Boë and Sock (1992, J. Speech Hear. Res. 35, 53), a cast of the tract; Beautemps, Badin and Bailly (2001, J. Acoust.
Soc. Am. 109, 2165), one speaker, lips to glottis. A file of the same form takes any of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from rtmri2speech.arrays import Float64
from rtmri2speech.assets import asset
from rtmri2speech.config import Config, read_yaml
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

MODEL_KIND, MODEL_SCHEMA = "area_model", 1
"""Of a model's file."""

LARYNX_SECTIONS = 6
"""Sections from the glottis on that no articulator closes: where no air is seen in them, it is too narrow to be seen.
The glottis itself is the end of the tract, open or not."""

LARYNX_CM2 = 0.4
"""Least area of those sections in a model that gives none. A man's were 0.2 to 0.5 cm2 in the vowels of Story, Titze
and Hoffman (1996, J. Acoust. Soc. Am. 100, 537)."""

INTERVAL_FACTOR = 0.55
"""What intervals in logarithms are multiplied by: the positions that the model is fitted on differ more than speech
does. Set so that 90 % of the areas of other simulated utterances lie within."""

_SHIPPED = "tract/area_model.json"


class AreaRegion(Config):
    """Alpha and beta of neighboring sections."""

    name: str
    sections: tuple[int, int] = Field(description="first and last section, counted from 0 at the glottis")
    alpha: float = Field(gt=0.0, description="cm2 at a distance of 1 mm")
    beta: float = Field(gt=0.0, le=4.0)
    spread: tuple[float, float] = Field(
        (-0.4, 0.4), description="5 % and 95 % quantiles of log(true area / area of the model)"
    )
    least: float | None = Field(None, gt=0.0, description="cm2 that it has at least; of sections in the larynx")
    error: float | None = Field(None, description="median relative error where it was measured")


class AreaModel(Config):
    """A_k = alpha_k d_k^beta_k, cm2 for mm, by regions that cover all sections."""

    kind: str = MODEL_KIND
    schema_: int = Field(MODEL_SCHEMA, alias="schema", le=MODEL_SCHEMA)
    program: str = ""
    name: str
    regions: tuple[AreaRegion, ...]
    fitted_on: dict[str, int] = Field(default_factory=dict)
    median_error: float | None = None

    @model_validator(mode="after")
    def _covers_all(self) -> Self:
        if self.kind != MODEL_KIND:
            raise ValueError(f"a file of kind '{self.kind}', not '{MODEL_KIND}'")
        covered = [section for one in self.regions for section in range(one.sections[0], one.sections[1] + 1)]
        if covered != list(range(SECTIONS)):
            raise ValueError(f"regions must cover the sections 0 to {SECTIONS - 1} in order, each once")
        return self

    def per_section(self) -> Float64:
        """Alpha, beta and both quantiles of the spread of every section, (4, 40)."""
        rows = [
            (one.alpha, one.beta, *one.spread)
            for one in self.regions
            for _ in range(one.sections[0], one.sections[1] + 1)
        ]
        return np.array(rows).T

    def least(self) -> Float64:
        """Least area of every section, (40,), cm2: 0 but for the :data:`LARYNX_SECTIONS`, which nothing closes."""
        given = [one.least for one in self.regions for _ in range(one.sections[0], one.sections[1] + 1)]
        larynx = [LARYNX_CM2 if one is None else one for one in given[:LARYNX_SECTIONS]]
        return np.concatenate([larynx, np.zeros(SECTIONS - LARYNX_SECTIONS)])

    def areas(self, distance: Float64) -> Float64:
        """Areas (..., 40) in cm2 of distances (..., 40) in mm; 0 where closed, NaN where unknown."""
        alpha, beta, _, _ = self.per_section()
        return np.maximum(alpha * distance**beta, self.least())

    def intervals(self, distance: Float64, low: Float64, high: Float64) -> Float64:
        """Bounds (..., 40, 2) of the areas' 90 % intervals, cm2.

        The walls' part and the model's are independent, so that their widths add as squares, in logarithms.

        Args:
            distance: (..., 40), mm.
            low, high: (..., 40), where air is sure and where it is possible at all (probabilities .95, .05), mm.
        """
        _, beta, below, above = self.per_section()
        least = np.maximum(distance, _LEAST_MM)
        narrower = beta * np.log(least / np.clip(low, _LEAST_MM, least))
        wider = beta * np.log(np.maximum(high, least) / least)
        center = self.areas(least)
        widths = [-np.hypot(narrower, below), np.hypot(wider, above)]
        bounds = center[..., None] * np.exp(INTERVAL_FACTOR * np.stack(widths, axis=-1))
        # What may be closed may have no area at all, and what is never closed has some.
        bounds[..., 0] = np.where((low <= 0.0) | (distance <= 0.0), 0.0, bounds[..., 0])
        held = self.least()[:, None] * np.exp(INTERVAL_FACTOR * np.stack([below, above], axis=-1))
        return np.maximum(bounds, held)


# Below this a distance has no logarithm to speak of.
_LEAST_MM = 0.3


@cache
def _shipped() -> AreaModel:
    path = asset(_SHIPPED)
    return AreaModel.parse(read_yaml(path), str(path))


def load_area_model(path: str | Path | None = None) -> AreaModel:
    """A model of a file, JSON or YAML; the one that comes with the program by default.

    Raises:
        ConfigError: when the file is missing, of another kind, or its regions leave sections out.
    """
    return _shipped() if path is None else AreaModel.parse(read_yaml(Path(path)), str(path))


def equal_sections(lengths: Float64, areas: Float64) -> Float64:
    """Areas (..., 40) of 40 sections of equal length, for areas (..., K) of sections of given lengths (..., K)."""
    lead = areas.shape[:-1]
    result = np.empty((int(np.prod(lead)), SECTIONS))
    for row, length, area in zip(result, lengths.reshape(len(result), -1), areas.reshape(len(result), -1), strict=True):
        ends = np.concatenate([[0.0], np.cumsum(length)])
        volume = np.concatenate([[0.0], np.cumsum(length * area)])
        places = np.linspace(0.0, ends[-1], SECTIONS + 1)
        row[:] = np.diff(np.interp(places, ends, volume)) / (places[1] - places[0])
    return result.reshape(*lead, SECTIONS)
