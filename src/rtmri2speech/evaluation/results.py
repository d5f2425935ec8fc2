"""What an evaluation writes: ``metrics.json``, ``utterances.csv``, ``vowels.csv`` and ``metrics.md``."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import replacing, write_text
from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.protocol import Evaluation, installed_versions
from rtmri2speech.evaluation.scoring import RECORDED, TRUTH
from rtmri2speech.evaluation.summary import OF_TRUTH, OF_VOWELS, Group, Summary, measure_names
from rtmri2speech.evaluation.vowel_identification import NOTHING, confusion
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval
from rtmri2speech.metrics.waveform import MORE_IS_BETTER
from rtmri2speech.training.losses import band_slices

SCHEMA = 1

METRICS, UTTERANCES, VOWELS, TABLE = "metrics.json", "utterances.csv", "vowels.csv", "metrics.md"

_YES_NO = {True: "yes", False: "no", None: ""}

DEFINITIONS = {
    "pooling": "Means over utterances; medians and shares over vowels. 95 % percentile intervals of a bootstrap over "
    "utterances. null: not defined, or not measured here.",
    "ceiling": "Copy synthesis: the true mel spectrogram through the model's vocoder.",
    "floor": "The training split's mean mel spectrogram through the model's vocoder.",
    "mel_mae_db": "Mean absolute error of the mel spectrogram given to the vocoder, dB, over frames that the mask "
    "counts; 0 for the ceiling. By band: the mel bins of the acoustic loss.",
    "mel_mae_wave_db": "The same of the mel spectrogram of the synthesized wave.",
    "mcd_db": "Mel-cepstral distortion, coefficients 1-24 of 40 mel bands up to Nyquist, 25 ms Hann windows every "
    "5 ms, no pre-emphasis; frames of the reference within 40 dB of its loudest one; no alignment.",
    "mcd_dtw_db": "The same after dynamic time warping by up to 0.2 s.",
    "mrstft": "Multi-resolution STFT distance: spectral convergence plus mean log difference (Yamamoto et al. 2020).",
    "stoi": "Short-time objective intelligibility at 10 kHz (Taal et al. 2011).",
    "estoi": "Extended STOI (Jensen & Taal 2016).",
    "pesq_nb": "PESQ, ITU-T P.862/P.862.1, both waves resampled to 8 kHz.",
    "pesq_wb": "PESQ, ITU-T P.862.2, both waves resampled to 16 kHz. The reference ends at the features' Nyquist "
    "frequency: such values compare with each other, not with those of full-band speech.",
    "f0_rmse_hz": "Root mean square difference of F0 where both waves are voiced (Praat's autocorrelation, 10 ms).",
    "f0_rmse_cents": "The same in cents.",
    "vuv_error": "Share of frames that are voiced in one wave only.",
    "f1_error_median_hz": "Median absolute difference of F1 of vowels from the recorded sound's: Praat's robust "
    "method, five formants, medians over the middle third of each vowel; a vowel without formants counts as infinitely "
    "wrong.",
    "f1_error_median": "The same as a fraction of the recorded sound's F1.",
    "f1_truth_error_median_hz": "Median absolute difference from the formants of the simulated tract.",
    "vowel_identification": "Share of vowels nearest to their own kind in the speaker's plane of ln F1 and ln F2 "
    "(Gaussians of one shape): recorded vowels of the speaker's training utterances or, without three of each kind, "
    "those of the evaluated utterances, each left out for itself.",
}


@dataclass(frozen=True)
class Written:
    """The files of an evaluation."""

    metrics: Path
    utterances: Path
    vowels: Path
    table: Path


def write_results(out: Path, evaluation: Evaluation, summary: Summary, bootstrap: Bootstrap, reproduce: str) -> Written:
    """Write the tables; ``metrics.json`` last.

    Args:
        out: folder.
        evaluation: what was measured.
        summary: pooled.
        bootstrap: how intervals were made.
        reproduce: the command line that does it again.

    Raises:
        UserError: when a file cannot be written.
    """
    written = Written(out / METRICS, out / UTTERANCES, out / VOWELS, out / TABLE)
    _write_utterances(written.utterances, evaluation)
    _write_vowels(written.vowels, summary)
    write_text(written.table, markdown(evaluation, summary))
    metrics = metrics_of(evaluation, summary, bootstrap, reproduce)
    write_text(written.metrics, json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return written


def metrics_of(evaluation: Evaluation, summary: Summary, bootstrap: Bootstrap, reproduce: str) -> dict[str, Any]:
    """The contents of ``metrics.json``."""
    groups = {group.name: group for group in (*summary.main, summary.all)}
    dataset, bundle, options = evaluation.dataset, evaluation.bundle, evaluation.options
    meta = dataset.meta
    same = bundle.acoustic_dataset
    centres = meta.features.mel_centers()
    return {
        "schema": SCHEMA,
        **{name: _values_of(group) for name, group in groups.items()},
        "speakers": {
            name: {"seen": _is_seen(name, evaluation), **_values_of(group)} for name, group in summary.speakers.items()
        },
        "confidence_95": {
            **{name: _intervals_of(group) for name, group in groups.items()},
            "speakers": {name: _intervals_of(group) for name, group in summary.speakers.items()},
        },
        "bootstrap": {"resamples": bootstrap.resamples, "seed": bootstrap.seed, "unit": "utterance"},
        "bands_hz": {
            name: [round(float(centres[bins.start]), 1), round(float(centres[bins.stop - 1]), 1)]
            for name, bins in band_slices(len(centres)).items()
        },
        "formant_ceilings_hz": evaluation.ceilings,
        "definitions": DEFINITIONS,
        "left_out": evaluation.left_out,
        "failures": [{"utterance": path.name, "problem": error.problem} for path, error in evaluation.failures],
        "model": {
            "file": Path(bundle.source).name,
            "sha256": evaluation.model_hash,
            "trained_on_this_dataset": None if same is None else same == dataset.fingerprint(),
            "provenance": bundle.provenance,
        },
        "dataset": {
            "name": dataset.root.resolve().name,
            "fingerprint": dataset.fingerprint(),
            "corpus": meta.corpus,
            "licence": meta.licence,
            "citation": meta.citation,
            "split": options.split,
            "code_version": meta.code_version,
            "features": meta.features.model_dump(mode="json"),
        },
        "versions": installed_versions(),
        "device": options.device,
        "reproduce": reproduce,
    }


def _is_seen(speaker: str, evaluation: Evaluation) -> bool | None:
    return speaker in evaluation.seen if evaluation.has_training else None


def _values_of(group: Group) -> dict[str, Any]:
    model, ceiling, floor = ({k: _finite(v) for k, v in group.by_condition[c].values.items()} for c in CONDITIONS)
    compared = [token for token in group.tokens if token.identified]
    tables = {}
    for sound in (RECORDED, *CONDITIONS):
        rows, columns, counts = confusion(
            [token.vowel.label for token in compared], [token.identified[sound] for token in compared]
        )
        tables[sound] = {"rows": rows, "columns": columns, "counts": counts.tolist()}
    return {
        "n_utterances": len(group.scored),
        "n_vowels": len(group.tokens),
        "n_vowels_identified_by_training": sum(token.by_training for token in compared),
        "n_vowels_identified_leaving_out": sum(not token.by_training for token in compared),
        "speakers": group.speakers,
        **model,
        "vowel_identification_recorded": _finite(group.recorded_identification),
        "ceiling": {"n_utterances": len(group.scored), **ceiling},
        "floor": {"n_utterances": len(group.scored), **floor},
        "mel_mae_by_bin_db": {name: [round(float(v), 4) for v in by_bin] for name, by_bin in group.by_bin.items()},
        "confusion": tables,
    }


def _intervals_of(group: Group) -> dict[str, Any]:
    model, ceiling, floor = (
        {name: [_finite(low), _finite(high)] for name, (low, high) in group.by_condition[c].intervals.items()}
        for c in CONDITIONS
    )
    return {**model, "ceiling": ceiling, "floor": floor}


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _write_utterances(path: Path, evaluation: Evaluation) -> None:
    names = measure_names(evaluation.dataset.meta.features.n_mels)
    taken = [name for name in names if any(name in item.measures["model"] for item in evaluation.scored)]
    rate = float(evaluation.dataset.meta.features.frame_rate)
    rows = [["id", "speaker", "seen", "seconds", *taken, *(f"{c}_{name}" for c in CONDITIONS[1:] for name in taken)]]
    for item in evaluation.scored:
        values = [item.measures[c].get(name, math.nan) for c in CONDITIONS for name in taken]
        seen = _YES_NO[_is_seen(item.speaker, evaluation)]
        rows.append([item.id, item.speaker, seen, f"{item.n_frames / rate:.3f}", *map(_number, values)])
    _write_csv(path, rows)


def _write_vowels(path: Path, summary: Summary) -> None:
    sounds = (RECORDED, *CONDITIONS, TRUTH)
    rows = [
        ["utterance", "speaker", "vowel", "start", "end"]
        + [f"{sound}_f{n}_hz" for sound in sounds for n in (1, 2)]
        + [f"{sound}_identified" for sound in sounds[:-1]]
    ]
    for token in summary.all.tokens:
        vowel = token.vowel
        formants = [value for sound in sounds for value in vowel.formants.get(sound, (math.nan, math.nan))]
        rows.append(
            [token.scored.id, token.scored.speaker, vowel.label, f"{vowel.start:.4f}", f"{vowel.end:.4f}"]
            + [_number(value) for value in formants]
            + [token.identified.get(sound, NOTHING) for sound in sounds[:-1]]
        )
    _write_csv(path, rows)


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with replacing(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def markdown(evaluation: Evaluation, summary: Summary) -> str:
    """The tables for people: seen and unseen speakers with ceiling and floor, then speaker by speaker."""
    n_mels = evaluation.dataset.meta.features.n_mels
    names = [*measure_names(n_mels), *OF_VOWELS, *OF_TRUTH]
    lines = [
        f"# Evaluation of {Path(evaluation.bundle.source).name}",
        "",
        f"{len(evaluation.scored)} utterances of the {evaluation.options.split} split of "
        f"{evaluation.dataset.root.resolve().name}. In brackets: 95 % intervals, bootstrap over utterances. "
        "Ceiling: the true mel spectrogram through the vocoder; floor: the training split's mean mel spectrogram.",
        *(["", f"**{evaluation.caveat}**"] if evaluation.caveat else []),
        "",
    ]
    for group in summary.main:
        lines += [
            f"## {group.name.capitalize()} speakers ({', '.join(group.speakers)}), {len(group.scored)} utterances"
        ]
        lines += ["", "| measure | best | model | ceiling | floor |", "|---|---|---|---|---|"]
        for name in names:
            found = [group.by_condition[c] for c in CONDITIONS]
            if all(math.isnan(one.values[name]) for one in found):
                continue
            cells = [_cell(one.values[name], one.intervals[name]) for one in found]
            lines.append(f"| {name} | {'high' if name in MORE_IS_BETTER else 'low'} | {' | '.join(cells)} |")
        if not math.isnan(group.recorded_identification):
            lines += ["", f"Vowels identified from the recorded sound itself: {group.recorded_identification:.3f}."]
        lines.append("")
    few = ["mel_mae_db", "mcd_db", "stoi", "estoi", "f0_rmse_hz", "f1_error_median_hz", "f2_error_median"]
    few.append("vowel_identification")
    lines += [
        "## By speaker",
        "",
        f"| speaker | seen | utterances | {' | '.join(few)} |",
        "|---" * (len(few) + 3) + "|",
    ]
    for name, group in summary.speakers.items():
        values = group.by_condition["model"].values
        cells = [_shown(values[measure]) for measure in few]
        seen = _YES_NO[_is_seen(name, evaluation)]
        lines.append(f"| {name} | {seen} | {len(group.scored)} | {' | '.join(cells)} |")
    if evaluation.left_out:
        lines += ["", "Left out:", "", *(f"- {line}" for line in evaluation.left_out)]
    return "\n".join(lines) + "\n"


def _cell(value: float, interval: Interval) -> str:
    if math.isnan(value) or math.isnan(interval[0]):
        return _shown(value)
    return f"{_shown(value)} [{_shown(interval[0])}, {_shown(interval[1])}]"


def _shown(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
