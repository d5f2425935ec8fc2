"""One utterance measured: what a worker process does."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.evaluation.conditions import Condition, Mel, Voices, Wave
from rtmri2speech.evaluation.true_formants import true_formants
from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.metrics.mel_cepstral_distortion import mel_cepstral_distortion
from rtmri2speech.metrics.waveform import compare_waves, pesq_narrow_band
from rtmri2speech.phonetics.formants import vowel_formants
from rtmri2speech.phonetics.vowels import Span, VowelFinder
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

RECORDED, TRUTH = "recorded", "truth"
Pair = tuple[float, float]


@dataclass(frozen=True)
class Vowel:
    """A vowel with F1 and F2 in Hz of each sound: ``recorded``, the conditions, and ``truth`` of a simulated one."""

    label: str
    start: float
    end: float
    formants: dict[str, Pair]


@dataclass(frozen=True)
class Scored:
    """What was measured of an utterance.

    Attributes:
        id, speaker: whose.
        n_frames: mel frames.
        measures: of each condition, by name; a name is missing where it cannot be measured on this computer.
        by_bin: mean absolute error of each mel bin, dB: of the mel given to the vocoder for ``model`` and ``floor``,
            of the wave's for ``ceiling``.
        vowels: its vowels.
    """

    id: str
    speaker: str
    n_frames: int
    measures: dict[str, dict[str, float]] = field(default_factory=dict)
    by_bin: dict[str, list[float]] = field(default_factory=dict)
    vowels: list[Vowel] = field(default_factory=list)

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> Scored:
        """From what ``dataclasses.asdict`` and JSON made of it."""
        vowels = [
            Vowel(v["label"], v["start"], v["end"], {name: (f[0], f[1]) for name, f in v["formants"].items()})
            for v in stored["vowels"]
        ]
        known = {one.name: stored[one.name] for one in fields(cls)}
        return cls(**{**known, "vowels": vowels})


@dataclass(frozen=True)
class Job:
    """An utterance to measure.

    Attributes:
        dataset, model: where they are.
        model_hash: of the model file, so that a process keeps no other one's weights.
        utterance: which.
        device: where the networks run.
        finder: how its vowels are found.
        ceiling: of the speaker's formant search, Hz; None where Praat is not installed.
        recorded_only: no more than the vowels of the recorded sound, of a training utterance.
    """

    dataset: Path
    model: Path
    model_hash: str
    utterance: Utterance
    device: str
    finder: VowelFinder
    ceiling: float | None
    recorded_only: bool = False


@functools.lru_cache(maxsize=1)
def _voices(dataset: Path, model: Path, model_hash: str, device: str) -> Voices:
    return Voices(Dataset(dataset), model, device)


def score(job: Job) -> Scored:
    """Make the sounds of an utterance and measure them.

    Raises:
        DatasetError: when its sound or frames are missing, damaged or of another length than its mel.
        MediaError: when its sound or TextGrid cannot be read.
        BundleError: when the model does not fit or has come apart.
        UserError: when the GPU has too little memory.
    """
    utterance = job.utterance
    dataset = Dataset(job.dataset) if job.recorded_only else _voices(*_key(job)).dataset
    features = dataset.meta.features
    recorded = read_recorded(dataset, utterance)
    spans = [] if job.ceiling is None else job.finder.spans(dataset, utterance)
    sounds = {RECORDED: _formants(recorded, features, spans, job.ceiling)}
    measures: dict[str, dict[str, float]] = {}
    by_bin: dict[str, list[float]] = {}
    if not job.recorded_only:
        true = np.array(dataset.mel_db(utterance))
        counts = _counting(dataset, utterance)
        for name, mel, wave in _made(job, true):
            given, heard = (_error_by_bin(one, true, counts) for one in (mel, mel_db(wave, features)))
            measures[name] = {**_mel_errors(given, heard), **_wave_measures(recorded, wave, features)}
            by_bin[name] = (heard if name == "ceiling" else given).tolist()
            sounds[name] = _formants(wave, features, spans, job.ceiling)
        if spans and (truth := true_formants(utterance, spans)) is not None:
            sounds[TRUTH] = truth
    vowels = [
        Vowel(span.label, span.start, span.end, {name: found[index] for name, found in sounds.items()})
        for index, span in enumerate(spans)
    ]
    return Scored(utterance.id, utterance.speaker, utterance.n_frames, measures, by_bin, vowels)


def _made(job: Job, true: Mel) -> Iterator[tuple[Condition, Mel, Wave]]:
    try:
        yield from _voices(*_key(job)).make(job.utterance, true)
    except torch.OutOfMemoryError:
        raise UserError(
            f"{job.utterance.id}: the GPU has too little memory.", "Use fewer --workers, or --device cpu."
        ) from None


def _key(job: Job) -> tuple[Path, Path, str, str]:
    return job.dataset, job.model, job.model_hash, job.device


def read_recorded(dataset: Dataset, utterance: Utterance) -> Wave:
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


def _counting(dataset: Dataset, utterance: Utterance) -> NDArray[np.float64]:
    """Weight of each frame, (T,): 0 where the dataset's mask says that it does not count."""
    mask = dataset.mask(utterance)
    weights = np.asarray(mask, np.float64) if mask.ndim == 1 else np.ones(utterance.n_frames)
    return weights if weights.any() else np.ones(utterance.n_frames)


def _error_by_bin(
    mel: NDArray[np.float32], true: NDArray[np.float32], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.average(np.abs(mel - true, dtype=np.float64), axis=0, weights=counts))


def _mel_errors(given: NDArray[np.float64], heard: NDArray[np.float64]) -> dict[str, float]:
    bands = {f"mel_mae_{name}_db": float(given[bins].mean()) for name, bins in band_slices(len(given)).items()}
    return {"mel_mae_db": float(given.mean()), **bands, "mel_mae_wave_db": float(heard.mean())}


def _wave_measures(recorded: Wave, wave: Wave, features: FeatureConfig) -> dict[str, float]:
    rate = features.sample_rate
    return {
        **mel_cepstral_distortion(recorded, wave, rate),
        **compare_waves(recorded, wave, rate),
        **pesq_narrow_band(recorded, wave, rate),
    }


def _formants(wave: Wave, features: FeatureConfig, spans: Sequence[Span], ceiling: float | None) -> list[Pair]:
    if not spans or ceiling is None:
        return [(math.nan, math.nan)] * len(spans)
    found = vowel_formants(wave, features.sample_rate, [(span.start, span.end) for span in spans], ceiling)
    return [(float(f1), float(f2)) for f1, f2 in found]
