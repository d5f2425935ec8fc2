"""From a model that reads a measured tract, and a tract, to its formants and their Hz per mm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.widening.by_distance.derivatives import distance_derivatives
from rtmri2speech.analysis.widening.by_distance.slopes import input_slopes
from rtmri2speech.analysis.widening.formant_targets import WIDTH_HZ, FormantTarget, FormantTargets, formant_targets
from rtmri2speech.analysis.widening.shape_derivative import TOLERANCE, ShapeDerivatives
from rtmri2speech.arrays import Float64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.segmentation import frame_list

# That tracts are measured with, for training and for synthesis.
_AREA_MODEL = "people"


def tract_answer(
    model: Model,
    clip: Clip,
    tract: Tract,
    *,
    bands: Sequence[Band] = (),
    width: float = WIDTH_HZ,
    target: FormantTarget = "center",
    held: bool = False,
    tolerance: float = TOLERANCE,
    area_model: AreaModel | str | Path | None = None,
    progress: Progress = SILENT,
) -> tuple[FormantTargets, ShapeDerivatives]:
    """Formants of the mel that a tract model predicts of a tract, and their derivatives by the 40 distances.

    Args:
        model: that reads a measured tract.
        clip: the video on the model's clock.
        tract: of that video.
        bands, width, target: of the targets, as
            :func:`~rtmri2speech.analysis.widening.formant_targets.formant_targets` has them.
        held, tolerance: as :func:`~rtmri2speech.analysis.widening.by_distance.derivatives.distance_derivatives`.
        area_model: that the tract was measured with.
        progress: counts frames.

    Raises:
        BundleError: when the model reads no tract.
        ConfigError: for a band that holds no formant, or a tract of another area model.
    """
    network = model.tract_way.model
    rows = torch.from_numpy(tract_inputs(tract, clip.retiming, clip.skipped)).to(model.device)
    with torch.inference_mode():
        mel = network.predict(rows).mel_db.clone()
    targets = formant_targets(mel, model.features, width=width, bands=bands, target=target)
    slopes = input_slopes(tract, clip.retiming, clip.skipped, area_model)
    found = distance_derivatives(
        network, rows, targets.by_mel.clone(), slopes, held=held, tolerance=tolerance, progress=progress
    )
    return targets, found


def tract_notes(tract: Tract, values: Float64) -> Iterator[str]:
    """What is to be said of a tract that a model reads, and of its Hz per mm (T, N, 40).

    That is where walls touch, and whether the tract is as in synthesis.
    """
    unknown = np.isnan(values)
    closed = np.flatnonzero((unknown & ~unknown.all(axis=2, keepdims=True)).any(axis=(1, 2)))
    if len(closed):
        yield (
            f"walls touch in {len(closed)} of {len(values)} frames; for the model that reads the tract, the sections "
            f"where they do are empty: {frame_list(closed)}"
        )
    if tract.area_model != _AREA_MODEL:
        yield (
            f"the model reads a tract of the area model '{tract.area_model}'; synthesize gives it one of "
            f"'{_AREA_MODEL}', with other formants of the tube"
        )


def tract_model_for(tract_model: Model | str | Path, model: Model) -> Model:
    """A model that reads a measured tract, to answer next to a model of frames.

    Args:
        tract_model: loaded, or its file or name.
        model: of frames.

    Raises:
        BundleError: when it is missing, damaged, or reads no tract.
        ConfigError: when it has another frame rate, or the model reads a tract itself.
    """
    if model.bundle.tract is not None:
        raise ConfigError(
            "`tract_model`: the model reads a measured tract itself, and its answer is that of the model.",
            "Leave it out, or give a model of frames with it, such as phantom.",
        )
    found = tract_model if isinstance(tract_model, Model) else load_model(tract_model, model.device.type)
    _ = found.tract_way
    ours, others = model.features.frame_rate, found.features.frame_rate
    if ours != others:
        raise ConfigError(
            f"`tract_model`: {found.bundle.source} predicts {float(others):.4g} frames per second, the model "
            f"{float(ours):.4g}.",
            "Give two models of the same settings, or run each by itself.",
        )
    return found
