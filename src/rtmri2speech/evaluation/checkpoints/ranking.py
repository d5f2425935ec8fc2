"""The order of checkpoints: which one is best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.checkpoints.score import COLUMNS, MEL_ERROR, CheckpointScore
from rtmri2speech.metrics.waveform import MORE_IS_BETTER, pesq_available
from rtmri2speech.phonetics import praat

RANKED = ("estoi", "pesq_wb", "mrstft", MEL_ERROR, "f0_rmse_cents")
"""Measures that decide the order: one each of intelligibility, quality, spectrum, envelope and pitch.

STOI, F0 in Hz and the voicing errors say much the same as their neighbors, which would count twice.
"""

_OF_PITCH = ("f0_rmse_hz", "f0_rmse_cents", "vuv_error")


def best_first(scores: Sequence[CheckpointScore], by: str = "rank") -> list[CheckpointScore]:
    """In order, the best first, with the mean ranks filled in.

    Utterance by utterance, and in each measure of :data:`RANKED` that was taken of any, the checkpoints are ranked,
    ties at the mean of their places, those without a number last: a checkpoint without voice in all but one utterance
    is not rated by that one alone. The best one has the least mean of its ranks; ties are broken by the mel error, then
    by the number of steps, the fewer first.

    Args:
        scores: of checkpoints that were measured on the same speech.
        by: ``rank``, or one of :data:`~rtmri2speech.evaluation.checkpoints.score.COLUMNS` to go by that alone.
    """
    taken = [name for name in RANKED if any(not math.isnan(one.measures.get(name, math.nan)) for one in scores)]
    by_utterance = zip(*(one.utterances or (one.measures,) for one in scores), strict=True)
    ranks = [rankdata([_badness(measured, name) for measured in same]) for same in by_utterance for name in taken]
    means = np.mean(ranks, axis=0) if ranks else np.ones(len(scores))
    ranked = [replace(one, rank=float(mean)) for one, mean in zip(scores, means, strict=True)]
    return sorted(
        ranked,
        key=lambda one: (
            one.rank if by == "rank" else _badness(one.measures, by),
            _badness(one.measures, MEL_ERROR),
            one.checkpoint.step,
            one.checkpoint.name,
        ),
    )


def require_measurable(by: str) -> None:
    """Make sure that what is to decide the order can be measured here.

    Raises:
        ConfigError: when the package that measures it is not installed.
    """
    needs_pesq, needs_praat = by == "pesq_wb", by in _OF_PITCH
    if (needs_pesq and not pesq_available()) or (needs_praat and not praat.available()):
        package, name = ("pesq", "pesq") if needs_pesq else ("parselmouth", "praat-parselmouth")
        raise ConfigError(
            f"`by={by}`: needs the package {package}, which is not installed.",
            f"Install it: pip install {name}; or take another measure.",
        )


def columns_of(scores: Sequence[CheckpointScore]) -> list[str]:
    """The measures that were taken, in the order of the table."""
    return [name for name in COLUMNS if any(name in one.measures for one in scores)]


def _badness(measures: Mapping[str, float], name: str) -> float:
    value = measures.get(name, math.nan)
    if math.isnan(value):
        return math.inf
    return -value if name in MORE_IS_BETTER else value
