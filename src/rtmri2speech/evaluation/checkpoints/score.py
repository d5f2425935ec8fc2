"""One checkpoint measured: it makes recorded speech again, and that is compared with the recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from rtmri2speech.arrays import Float32
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.evaluation.checkpoints.load import VocoderCheckpoint
from rtmri2speech.evaluation.checkpoints.references import Reference
from rtmri2speech.inference.requirements import require_numbers
from rtmri2speech.inference.vocoding import vocode
from rtmri2speech.metrics.waveform import MEASURES, compare_waves, mean_of
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

MEL_ERROR = "mel_mae_db"
COLUMNS = (*MEASURES, MEL_ERROR)
"""Measures of the table: those of :func:`rtmri2speech.metrics.waveform.compare_waves` and the mel error, dB."""

DIGITS = 6
"""Significant digits of the tables."""


@dataclass(frozen=True)
class CheckpointScore:
    """A checkpoint and what was measured of its speech.

    Attributes:
        checkpoint: which.
        folder: with its speech.
        measures: means over the utterances, by name; NaN where a measure could not be taken of any.
        utterances: the measures of each, in one order for all checkpoints.
        rank: mean of its ranks, 1 for the first in everything.
    """

    checkpoint: VocoderCheckpoint
    folder: Path
    measures: dict[str, float]
    utterances: tuple[dict[str, float], ...] = ()
    rank: float = field(default=math.nan)


def score_checkpoint(
    checkpoint: VocoderCheckpoint,
    speech: Sequence[Reference],
    out: Path,
    device: torch.device | str = "cpu",
    progress: Progress = SILENT,
) -> CheckpointScore:
    """Make recorded speech again and measure it: ``<NAME>_generated.wav`` and ``measures.csv``, a row per utterance.

    Args:
        checkpoint: the vocoder.
        speech: what to make.
        out: folder to write to.
        device: where the vocoder runs.
        progress: counts frames.

    Raises:
        BundleError: when the vocoder makes values that are not numbers.
        UserError: when the folder cannot be written.
    """
    features = checkpoint.bundle.features
    vocoder = for_inference(checkpoint.bundle.build_vocoder(device))
    found: list[dict[str, float]] = []
    for item in speech:
        wave = require_numbers(vocode(vocoder, item.mel_db, device), checkpoint.bundle.source, item.name)
        write_wav(out / f"{item.name}_generated.wav", wave, features.sample_rate)
        found.append(measure(item.wave, wave, features))
        progress.advance(len(item.mel_db))
    names = [name for name in COLUMNS if any(name in measures for measures in found)]
    rows: list[Row] = [{"utterance": item.name, **measures} for item, measures in zip(speech, found, strict=True)]
    write_table(out / "measures.csv", ["utterance", *names], rows, DIGITS)
    return CheckpointScore(checkpoint, out, mean_of(found), tuple(found))


def measure(recorded: Float32, made: Float32, features: FeatureConfig) -> dict[str, float]:
    """All measures of a wave, shape (N,), against the recorded one: :data:`COLUMNS`, those that are installed."""
    error = np.abs(mel_db(made, features) - mel_db(recorded, features)).mean()
    return {**compare_waves(recorded, made, features.sample_rate), MEL_ERROR: float(error)}
