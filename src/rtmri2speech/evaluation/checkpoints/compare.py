"""Generators against each other: each makes the same speech again, and is measured against the recording."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.errors import BundleError, ConfigError, UserError
from rtmri2speech.evaluation.checkpoints.load import KeptGenerator
from rtmri2speech.evaluation.checkpoints.references import Recorded
from rtmri2speech.inference.vocoding import vocode
from rtmri2speech.metrics.waveform import MEASURES, MORE_IS_BETTER, compare_waves, mean_of
from rtmri2speech.models.bundle.model_file import save_bundle
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

MEL_ERROR = "mel_mae_db"
COLUMNS = (*MEASURES, MEL_ERROR)
"""Measures of the table: those of :func:`rtmri2speech.metrics.waveform.compare_waves` and the mel error, dB."""

JUDGED = ("estoi", "pesq_wb", "mrstft", MEL_ERROR, "f0_rmse_cents")
"""Measures that the order is decided by: one each of intelligibility, quality, spectrum, envelope and pitch.

STOI, F0 in Hz and the voicing errors say much the same as their neighbours, which would count twice.
"""

_OF_PITCH = ("f0_rmse_hz", "f0_rmse_cents", "vuv_error")

TABLE = "comparison.csv"
RECORDED = "recorded"
BEST = "vocoder.safetensors"


@dataclass(frozen=True)
class Judged:
    """A generator and what was measured of its speech.

    Attributes:
        generator: which.
        folder: with its speech.
        measures: means over the utterances, by name; NaN where a measure could not be taken of any.
        utterances: the measures of each, in one order for all generators.
        rank: mean of its ranks, 1 for the first of all in everything.
    """

    generator: KeptGenerator
    folder: Path
    measures: dict[str, float]
    utterances: tuple[dict[str, float], ...] = ()
    rank: float = field(default=math.nan)


@dataclass(frozen=True)
class Comparison:
    """What a comparison came to.

    Attributes:
        judged: the generators, best first.
        table: the table that was written.
        best: the best one as a model file.
        failures: generators that could not be used, and why.
    """

    judged: list[Judged]
    table: Path
    best: Path
    failures: list[tuple[Path, UserError]]


def compare_generators(
    generators: Sequence[KeptGenerator],
    speech: Sequence[Recorded],
    out: Path,
    *,
    by: str = "rank",
    device: torch.device | str = "cpu",
    on_start: Callable[[int], None] = lambda total: None,
    on_frames: Callable[[int], None] = lambda count: None,
) -> Comparison:
    """Let every generator make the same speech, each in a folder of its name, and write one table, best first.

    The recorded speech is put into the folder ``recorded`` beside them, the best generator into
    ``vocoder.safetensors``. A generator that fails does not keep the others from being compared.

    Args:
        generators: at least one.
        speech: what to make, at least one utterance.
        out: folder to write to.
        by, device, on_frames: as in :func:`best_first` and :func:`synthesize_with`.
        on_start: called with the number of frames to make.

    Raises:
        UserError: when nothing can be written, or all generators fail.
    """
    on_start(len(generators) * sum(len(item.mel_db) for item in speech))
    for item in speech:
        write_wav(out / RECORDED / f"{item.name}.wav", item.wave, generators[0].bundle.features.sample_rate)
    judged: list[Judged] = []
    failures: list[tuple[Path, UserError]] = []
    for generator in generators:
        try:
            judged.append(synthesize_with(generator, speech, out / generator.name, device, on_frames))
        except BundleError as error:
            failures.append((Path(generator.bundle.source), error))
    if not judged:
        raise failures[0][1]
    judged = best_first(judged, by)
    write_table(out / TABLE, judged)
    best = judged[0]
    metrics = {name: value for name, value in best.measures.items() if not math.isnan(value)}
    provenance = {
        **best.generator.bundle.provenance,
        "metrics": metrics,
        "best_of": [one.generator.name for one in judged],
    }
    save_bundle(replace(best.generator.bundle, provenance=provenance), out / BEST)
    return Comparison(judged, out / TABLE, out / BEST, failures)


def synthesize_with(
    generator: KeptGenerator,
    speech: Sequence[Recorded],
    out: Path,
    device: torch.device | str = "cpu",
    on_frames: Callable[[int], None] = lambda count: None,
) -> Judged:
    """Make recorded speech again and measure it: ``<NAME>_generated.wav`` and ``measures.csv``, a row an utterance.

    Args:
        generator: the vocoder.
        speech: what to make.
        out: folder to write to.
        device: where the generator runs.
        on_frames: called with the number of frames done since the last call.

    Raises:
        BundleError: when the generator makes values that are not numbers.
        UserError: when the folder cannot be written.
    """
    features = generator.bundle.features
    vocoder = for_inference(generator.bundle.build_vocoder(device))
    rows: list[tuple[str, dict[str, float]]] = []
    for item in speech:
        wave = vocode(vocoder, item.mel_db, device)
        if not np.isfinite(wave).all():
            raise BundleError(
                f"{generator.bundle.source}: makes values that are not numbers of {item.name}.",
                "The training has come apart; use an earlier checkpoint.",
            )
        write_wav(out / f"{item.name}_generated.wav", wave, features.sample_rate)
        rows.append((item.name, measure(item.wave, wave, features)))
        on_frames(len(item.mel_db))
    names = [name for name in COLUMNS if any(name in found for _, found in rows)]
    lines = [[name, *(_number(found.get(column, math.nan)) for column in names)] for name, found in rows]
    _write_csv(out / "measures.csv", [["utterance", *names], *lines])
    found = tuple(measured for _, measured in rows)
    return Judged(generator, out, mean_of(found), found)


def measure(recorded: NDArray[np.float32], made: NDArray[np.float32], features: FeatureConfig) -> dict[str, float]:
    """All measures of a wave, shape (N,), against the recorded one: :data:`COLUMNS`, those that are installed."""
    error = np.abs(mel_db(made, features) - mel_db(recorded, features)).mean()
    return {**compare_waves(recorded, made, features.sample_rate), MEL_ERROR: float(error)}


def best_first(judged: Sequence[Judged], by: str = "rank") -> list[Judged]:
    """In order, the best first, with the mean ranks filled in.

    Utterance by utterance, and in each measure of :data:`JUDGED` that was taken of any, the generators are ranked,
    equals at the mean of their places, those without a number last: a generator without voice in all but one utterance
    is not judged by that one alone. The best one has the least mean of its ranks; equals are told apart by the mel
    error, then by the number of steps, the fewer first.

    Args:
        judged: generators that were measured on the same speech.
        by: ``rank``, or one of :data:`COLUMNS` to go by that alone.
    """
    taken = [name for name in JUDGED if any(not math.isnan(one.measures.get(name, math.nan)) for one in judged)]
    spoken = zip(*(one.utterances or (one.measures,) for one in judged), strict=True)
    ranks = [_ranks([_badness(measured, name) for measured in said]) for said in spoken for name in taken]
    means = [sum(places) / len(ranks) for places in zip(*ranks, strict=True)] if ranks else [1.0] * len(judged)
    found = [replace(one, rank=rank) for one, rank in zip(judged, means, strict=True)]
    return sorted(
        found,
        key=lambda one: (
            one.rank if by == "rank" else _badness(one.measures, by),
            _badness(one.measures, MEL_ERROR),
            one.generator.step,
            one.generator.name,
        ),
    )


def require_measurable(by: str) -> None:
    """Make sure that what shall decide the order can be measured here.

    Raises:
        ConfigError: when the package that measures it is not installed.
    """
    package, name = ("pesq", "pesq") if by == "pesq_wb" else ("parselmouth", "praat-parselmouth")
    if by in (*_OF_PITCH, "pesq_wb") and find_spec(package) is None:
        raise ConfigError(
            f"--by {by}: needs the package {package}, which is not installed.",
            f"Install it: pip install {name}; or take another measure.",
        )


def columns_of(judged: Sequence[Judged]) -> list[str]:
    """The measures that were taken, in the order of the table."""
    return [name for name in COLUMNS if any(name in one.measures for one in judged)]


def write_table(path: Path, judged: Sequence[Judged]) -> None:
    """Write the table: a row a checkpoint in the order given, empty where there is no number."""
    names = columns_of(judged)
    rows = [
        [one.generator.name, str(one.generator.step), _number(one.rank)]
        + [_number(one.measures.get(name, math.nan)) for name in names]
        for one in judged
    ]
    _write_csv(path, [["checkpoint", "step", "mean_rank", *names], *rows])


def _badness(measures: dict[str, float], name: str) -> float:
    value = measures.get(name, math.nan)
    if math.isnan(value):
        return math.inf
    return -value if name in MORE_IS_BETTER else value


def _ranks(badness: Sequence[float]) -> list[float]:
    """Ranks from 1, equals at the mean of their places."""
    values = np.array(badness)
    return [float(np.sum(values < value) + (np.sum(values == value) + 1) / 2) for value in values]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with replacing(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
