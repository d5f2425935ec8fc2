"""A measured tract as rows of inputs on the feature clock: one definition for training and synthesis."""

from __future__ import annotations

import warnings

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.models.tract.inputs import FORMANTS, INPUTS, MEASURES, PARTS, PLACES, SECTIONS
from rtmri2speech.signal.retiming import Retiming
from rtmri2speech.vocal_tract.measurement.tract import Tract

# Share of an output frame's weight that must be known for its mean to be.
_KNOWN = 0.5


def tract_inputs(tract: Tract, retiming: Retiming, first: int = 0) -> Float32:
    """Rows of :data:`~rtmri2speech.models.tract.inputs.INPUTS` of a tract, on the clock of the mel: (T, C).

    Args:
        tract: at its video's frame rate.
        retiming: of the video's frames from ``first`` on.
        first: frame of the video that the clock starts at.
    """
    return retimed(tract_rows(tract)[first:], retiming).astype(np.float32)


def tract_rows(tract: Tract) -> Float64:
    """The same at the video's frame rate."""
    rows = np.full((len(tract.length), len(INPUTS)), np.nan)
    width = tract.distance_range[..., 1] - tract.distance_range[..., 0]
    with warnings.catch_warnings():
        # Frames without sections are nothing to warn of.
        warnings.simplefilter("ignore", RuntimeWarning)
        rows[:, PLACES["width"]] = np.nanmean(width.reshape(len(width), PARTS, SECTIONS // PARTS), axis=2)
    rows[:, PLACES["distance"]] = np.where(tract.closed, 0.0, tract.distance)
    rows[:, PLACES["length"]] = tract.length[:, None]
    rows[:, PLACES["measures"]] = np.stack([tract.measures[name] for name in MEASURES], axis=1)
    rows[:, PLACES["formants"]] = tract.formants[:, : len(FORMANTS)]
    rows[:, PLACES["confidence"]] = tract.confidence[:, None]
    rows[:, PLACES["size_known"]] = float(tract.pixel_source not in ("estimated", "unknown"))
    return rows


def retimed(rows: Float64, retiming: Retiming) -> Float64:
    """Rows (S, C) of source frames on the feature clock, (T, C): means of what is known, where most of it is."""
    count, width = retiming.weights.shape
    numbers = np.minimum(retiming.first[:, None] + np.arange(width), len(rows) - 1)
    total = np.zeros((count, rows.shape[1]))
    share = np.zeros((count, rows.shape[1]))
    for place in range(width):
        values, weights = rows[numbers[:, place]], retiming.weights[:, place, None].astype(np.float64)
        known = np.isfinite(values)
        total += np.where(known, values, 0.0) * weights
        share += known * weights
    return np.where(share >= _KNOWN, total / np.maximum(share, 1e-9), np.nan)
