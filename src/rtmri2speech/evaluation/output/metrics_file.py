"""The contents of ``metrics.json``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.intelligibility.rates import DEFINITIONS as OF_RATES
from rtmri2speech.evaluation.partial_results import installed_versions
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.evaluation.summary import Group
from rtmri2speech.evaluation.vowel_identification import confusion
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.further import DEFINITIONS as OF_FURTHER
from rtmri2speech.metrics.listening_models import DEFINITIONS as OF_LISTENERS

if TYPE_CHECKING:
    from rtmri2speech.evaluation.results import Evaluation

KIND, SCHEMA = "evaluation", 1

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
    **OF_FURTHER,
    **OF_LISTENERS,
    "f1_error_median_hz": "Median absolute difference of F1 of vowels from the recorded sound's: Praat's robust "
    "method, five formants, medians over the middle third of each vowel; a vowel without formants counts as infinitely "
    "wrong.",
    "f1_error_median": "The same as a fraction of the recorded sound's F1.",
    "f1_truth_error_median_hz": "Median absolute difference from the formants of the simulated tract.",
    "vowel_identification": "Share of vowels nearest to their own kind in the speaker's plane of ln F1 and ln F2 "
    "(Gaussians of one shape): recorded vowels of the speaker's training utterances or, without three of each kind, "
    "those of the evaluated utterances, each left out for itself.",
}


def metrics_of(evaluation: Evaluation) -> dict[str, Any]:
    """The entries of ``metrics.json``; numbers that are not finite are null."""
    summary, bootstrap = evaluation.groups, evaluation.bootstrap
    groups = {group.name: group for group in (*summary.main, summary.all)}
    meta = evaluation.dataset.meta
    centers = meta.features.mel_centers()
    return {
        **{name: _values_of(group) for name, group in groups.items()},
        "speakers": {
            name: {"seen": evaluation.is_seen(name), **_values_of(group)} for name, group in summary.speakers.items()
        },
        "confidence_95": {
            **{name: _intervals_of(group) for name, group in groups.items()},
            "speakers": {name: _intervals_of(group) for name, group in summary.speakers.items()},
        },
        "bootstrap": {"resamples": bootstrap.resamples, "seed": bootstrap.seed, "unit": "utterance"},
        "bands_hz": {
            name: [round(float(centers[bins.start]), 1), round(float(centers[bins.stop - 1]), 1)]
            for name, bins in band_slices(len(centers)).items()
        },
        "formant_ceilings_hz": evaluation.ceilings,
        "definitions": DEFINITIONS if evaluation.intelligibility is None else {**DEFINITIONS, **OF_RATES},
        "left_out": evaluation.left_out,
        "failures": [{"utterance": path.name, "problem": error.problem} for path, error in evaluation.failures],
        "model": _about_model(evaluation),
        "dataset": {
            "name": evaluation.dataset.root.resolve().name,
            "fingerprint": evaluation.dataset.fingerprint(),
            "corpus": meta.corpus,
            "licence": meta.licence,
            "citation": meta.citation,
            "split": evaluation.options.split,
            "code_version": meta.code_version,
            "features": meta.features.model_dump(mode="json"),
        },
        **_of_listening(evaluation),
        "versions": installed_versions(),
        "device": evaluation.options.device,
        "backend": evaluation.backend,
        "reproduce": evaluation.reproduce,
    }


def _of_listening(evaluation: Evaluation) -> dict[str, Any]:
    """What a recognizer found, and a paper's figures, where these were asked for."""
    parts = {"intelligibility": evaluation.intelligibility, "published": evaluation.comparison}
    networks = {name: path.name for name, path in evaluation.options.listeners.files.items()}
    return {
        **{name: part.about() for name, part in parts.items() if part is not None},
        **({"listeners": networks} if networks else {}),
    }


def _about_model(evaluation: Evaluation) -> dict[str, Any]:
    bundle = evaluation.bundle
    source = bundle.acoustic_dataset
    return {
        "file": Path(bundle.source).name,
        "sha256": evaluation.model_hash,
        "trained_on_this_dataset": None if source is None else source == evaluation.dataset.fingerprint(),
        "provenance": bundle.provenance,
    }


def _values_of(group: Group) -> dict[str, Any]:
    model, ceiling, floor = ({k: _finite(v) for k, v in group.by_condition[c].values.items()} for c in CONDITIONS)
    compared = [one for one in group.vowels if one.identified]
    tables = {}
    for sound in (RECORDED, *CONDITIONS):
        rows, columns, counts = confusion(
            [one.vowel.label for one in compared], [one.identified[sound] for one in compared]
        )
        tables[sound] = {"rows": rows, "columns": columns, "counts": counts.tolist()}
    return {
        "n_utterances": len(group.utterances),
        "n_vowels": len(group.vowels),
        "n_vowels_identified_by_training": sum(one.by_training for one in compared),
        "n_vowels_identified_leaving_out": sum(not one.by_training for one in compared),
        "speakers": group.speakers,
        **model,
        "vowel_identification_recorded": _finite(group.recorded_identification),
        "ceiling": {"n_utterances": len(group.utterances), **ceiling},
        "floor": {"n_utterances": len(group.utterances), **floor},
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
