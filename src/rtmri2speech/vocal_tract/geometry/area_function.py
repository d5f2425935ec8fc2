"""Areas from distances: A = alpha d^beta, by region of the tract.

The form is that of Heinz and Stevens (1965, Proc. 5th Int. Congr. Acoust., A44). The models that come with the program
are fitted on simulated heads by ``benchmarks/area_model.py``. The lips of those heads are rounder than people's: an
opening of 10 mm has some 1.1 cm2. In a speaker whose lips were measured it has 2.4 (Maeda 1990, "Compensatory
articulation during speech", in Hardcastle and Marchal, Kluwer, 131), and the last four sections of /ae/ and /a/ have
3.9 to 5.0 cm2 in Story, Titze and Hoffman (1996, J. Acoust. Soc. Am. 100, 537). So people are measured with Maeda's
lips. Others have published alpha and beta of their speakers, for regions of their own: Sundberg, Johansson, Wilbrand
and Ytterbergh (1987, Phonetica 44, 76), the pharynx; Perrier, Boë and Sock (1992, J. Speech Hear. Res. 35, 53), a cast
of the tract; Beautemps, Badin and Bailly (2001, J. Acoust. Soc. Am. 109, 2165), one speaker, lips to glottis. A file of
the same form takes any of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.assets import asset
from rtmri2speech.config import Config, read_yaml
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS

MODEL_KIND, MODEL_SCHEMA = "area_model", 1
"""Of a model's file."""

LARYNX_SECTIONS = 6
"""Sections from the glottis on that no articulator closes: where no air is seen in them, it is too narrow to be seen.
The glottis itself is the end of the tract, open or not."""

LARYNX_CM2 = 0.3
"""Least area of those sections. Half of a man's were 0.18 to 0.38 cm2, in the first 2 cm of eleven vowels of Story,
Titze and Hoffman (1996, J. Acoust. Soc. Am. 100, 537)."""

INTERVAL_FACTOR = 0.55
"""What intervals in logarithms are multiplied by: the positions that the model is fitted on differ more than speech
does. Set so that 90 % of the areas of other simulated utterances lie within."""

SHIPPED_MODELS = {"people": "area_model.json", "phantom": "area_model_phantom.json"}
"""Files of the models that come with the program. ``phantom`` is fitted on simulated heads alone; ``people``, which is
the default, has the same numbers from the glottis to the teeth, and people's lips."""


class AreaRegion(Config):
    """Alpha and beta of neighboring sections."""

    name: str
    sections: tuple[int, int] = Field(description="first and last section, counted from 0 at the glottis")
    alpha: float = Field(gt=0.0, description="cm2 at a distance of 1 mm")
    beta: float = Field(gt=0.0, le=4.0)
    spread: tuple[float, float] = Field(
        (-0.4, 0.4), description="5 % and 95 % quantiles of log(true area / area of the model)"
    )
    error: float | None = Field(None, description="median relative error where it was measured")
    source: str = Field("", description="where alpha and beta come from")


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

    def areas(self, distance: Float64) -> Float64:
        """Areas (..., 40) in cm2 of distances (..., 40) in mm; 0 where closed, NaN where unknown."""
        alpha, beta, _, _ = self.per_section()
        return np.asarray(np.maximum(alpha * distance**beta, _LEAST_CM2))

    def follows(self, distance: Float64) -> Bool:
        """Where areas follow from distances (..., 40) in mm: not where closed, nor where the larynx is held open."""
        alpha, beta, _, _ = self.per_section()
        return np.asarray((distance > 0.0) & (alpha * distance**beta > _LEAST_CM2))

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
        held = _LEAST_CM2[:, None] * np.exp(INTERVAL_FACTOR * np.stack([below, above], axis=-1))
        return np.asarray(np.maximum(bounds, held))


# Below this a distance has no logarithm to speak of.
_LEAST_MM = 0.3
_LEAST_CM2 = np.where(np.arange(SECTIONS) < LARYNX_SECTIONS, LARYNX_CM2, 0.0)


@cache
def _shipped(name: str) -> AreaModel:
    path = asset(f"tract/{SHIPPED_MODELS[name]}")
    return AreaModel.parse(read_yaml(path), str(path))


def load_area_model(model: str | Path | None = None) -> AreaModel:
    """A model that comes with the program, by its name, or one of a file, JSON or YAML.

    Args:
        model: one of :data:`SHIPPED_MODELS`, or a path, a file of such a name coming first; ``people`` by default.

    Raises:
        ConfigError: when the file is missing, of another kind, or its regions leave sections out.
    """
    model = "people" if model is None else model
    if str(model) in SHIPPED_MODELS and not Path(model).is_file():
        return _shipped(str(model))
    if not Path(model).exists():
        names = ", ".join(SHIPPED_MODELS)
        raise ConfigError(
            f"`area_model={model}`: no such file, and no model of this name.", f"Give a file, or one of: {names}."
        )
    return AreaModel.parse(read_yaml(Path(model)), str(model))


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
