"""Measuring one utterance: the work of an evaluation's processes."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.evaluation.conditions import Condition, Conditions
from rtmri2speech.evaluation.intelligibility.recognizers import Recognizer
from rtmri2speech.evaluation.scores import RECORDED, TRUTH, Pair, ScoredVowel, UtteranceScores
from rtmri2speech.evaluation.true_formants import true_formants
from rtmri2speech.inference.model import Model
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.further import further_measures
from rtmri2speech.metrics.listening_models import NO_LISTENERS, Listeners
from rtmri2speech.metrics.mel_cepstral_distortion import mel_cepstral_distortion
from rtmri2speech.metrics.waveform import compare_waves, pesq_narrow_band
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.models.exported.backends import IN_TORCH, Wanted
from rtmri2speech.phonetics.formants import vowel_formants
from rtmri2speech.phonetics.vowels.spans import Span, VowelFinder
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db


@dataclass(frozen=True)
class Source:
    """The model and the dataset, as worker processes find them.

    Attributes:
        dataset, model: paths.
        dataset_hash, model_hash: of what they hold, so that a process keeps no other one's.
        device: where the networks run.
        wanted: what computes them.
        backend: the same in words.
    """

    dataset: Path
    dataset_hash: str
    model: Path
    model_hash: str
    device: str
    wanted: Wanted = IN_TORCH
    backend: str = "torch"


@dataclass(frozen=True)
class Job:
    """An utterance to measure.

    Attributes:
        source: model and dataset.
        utterance: which.
        finder: how its vowels are found.
        ceiling: of the speaker's formant search, Hz; None where Praat is not installed.
        recorded_only: no more than the vowels of the recorded sound, of a training utterance.
        further: also the measures of :mod:`rtmri2speech.metrics.further`.
        listeners: the user's networks that judge sounds.
        recognizer: reads each sound; None to recognize nothing.
    """

    source: Source
    utterance: Utterance
    finder: VowelFinder
    ceiling: float | None
    recorded_only: bool = False
    further: bool = False
    listeners: Listeners = NO_LISTENERS
    recognizer: Recognizer | None = None


@functools.lru_cache(maxsize=1)
def _dataset(source: Source) -> Dataset:
    return Dataset(source.dataset)


@functools.lru_cache(maxsize=1)
def _conditions(source: Source) -> Conditions:
    return Conditions(_dataset(source), Model(load_bundle(source.model), source.device, wanted=source.wanted))


def score(job: Job) -> UtteranceScores:
    """Make the sounds of an utterance and measure them; a process opens model and dataset once.

    Raises:
        DatasetError: when its sound or frames are missing, damaged or of another length than its mel.
        MediaError: when its sound or TextGrid cannot be read.
        BundleError: when the model does not fit or has diverged.
        UserError: when the GPU has too little memory.
    """
    utterance, dataset = job.utterance, _dataset(job.source)
    features = dataset.meta.features
    recorded = read_recorded(dataset, utterance)
    spans = [] if job.ceiling is None else job.finder.spans(dataset, utterance)
    formants = {RECORDED: _formants(recorded, features, spans, job.ceiling)}
    measures: dict[str, dict[str, float]] = {}
    by_bin: dict[str, list[float]] = {}
    texts: dict[str, str] = {}
    if not job.recorded_only:
        true = np.array(dataset.mel_db(utterance))
        weights = _frame_weights(dataset, utterance)
        texts |= _recognized(job, RECORDED, recorded, features)
        for name, mel, wave in _made(job, true):
            of_input, of_wave = (_error_by_bin(one, true, weights) for one in (mel, mel_db(wave, features)))
            measures[name] = {**_mel_errors(of_input, of_wave), **_wave_measures(recorded, wave, features)}
            if job.further:
                measures[name] |= further_measures(recorded, wave, features.sample_rate)
            measures[name] |= job.listeners.measure(recorded, wave, features.sample_rate)
            texts |= _recognized(job, name, wave, features)
            by_bin[name] = (of_wave if name == "ceiling" else of_input).tolist()
            formants[name] = _formants(wave, features, spans, job.ceiling)
        if spans and (truth := true_formants(utterance, spans)) is not None:
            formants[TRUTH] = truth
    vowels = [
        ScoredVowel(span.label, span.start, span.end, {name: found[index] for name, found in formants.items()})
        for index, span in enumerate(spans)
    ]
    return UtteranceScores(utterance.id, utterance.speaker, utterance.n_frames, measures, by_bin, vowels, texts)


def _recognized(job: Job, sound: str, wave: Float32, features: FeatureConfig) -> dict[str, str]:
    if job.recognizer is None:
        return {}
    return {sound: job.recognizer.recognize(wave, features.sample_rate)}


def _made(job: Job, true: Float32) -> Iterator[tuple[Condition, Float32, Float32]]:
    try:
        yield from _conditions(job.source).make(job.utterance, true)
    except torch.OutOfMemoryError:
        raise UserError(
            f"{job.utterance.id}: the GPU has too little memory.", "Use fewer `workers`, or `device=cpu`."
        ) from None


def read_recorded(dataset: Dataset, utterance: Utterance) -> Float32:
    """The utterance's recorded sound, shape (T hop_length,).

    Raises:
        DatasetError: when it has another sampling rate or length than its frames.
        MediaError: when it is missing or damaged.
    """
    features, path = dataset.meta.features, dataset.audio_path(utterance)
    sound = read_sound(path)
    expected = utterance.n_frames * features.hop_length
    if sound.rate != features.sample_rate or len(sound.samples) != expected:
        raise DatasetError(
            f"{path}: {len(sound.samples)} samples at {sound.rate} Hz, but its {utterance.n_frames} frames are "
            f"{expected} at {features.sample_rate} Hz.",
            "Run prepare again; it mends it.",
        )
    return sound.samples


def _frame_weights(dataset: Dataset, utterance: Utterance) -> Float64:
    """Weight of each frame, (T,): 0 where the dataset's mask says that it does not count."""
    mask = dataset.mask(utterance)
    weights = np.asarray(mask, np.float64) if mask.ndim == 1 else np.ones(utterance.n_frames)
    return weights if weights.any() else np.ones(utterance.n_frames)


def _error_by_bin(mel: Float32, true: Float32, weights: Float64) -> Float64:
    return np.asarray(np.average(np.abs(mel - true, dtype=np.float64), axis=0, weights=weights))


def _mel_errors(of_input: Float64, of_wave: Float64) -> dict[str, float]:
    bands = {f"mel_mae_{name}_db": float(of_input[bins].mean()) for name, bins in band_slices(len(of_input)).items()}
    return {"mel_mae_db": float(of_input.mean()), **bands, "mel_mae_wave_db": float(of_wave.mean())}


def _wave_measures(recorded: Float32, wave: Float32, features: FeatureConfig) -> dict[str, float]:
    rate = features.sample_rate
    return {
        **mel_cepstral_distortion(recorded, wave, rate),
        **compare_waves(recorded, wave, rate),
        **pesq_narrow_band(recorded, wave, rate),
    }


def _formants(wave: Float32, features: FeatureConfig, spans: Sequence[Span], ceiling: float | None) -> list[Pair]:
    if not spans or ceiling is None:
        return [(math.nan, math.nan)] * len(spans)
    found = vowel_formants(wave, features.sample_rate, [(span.start, span.end) for span in spans], ceiling)
    return [(float(f1), float(f2)) for f1, f2 in found]
