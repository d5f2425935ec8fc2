"""The evaluation of a model on a split of a dataset: what is measured, by many processes, and taken up again."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from shutil import rmtree
from typing import Any

import numpy as np
import torch

from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance
from rtmri2speech.data.files import check_writable, hash_files, write_text
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.evaluation.scoring import Job, Scored, read_recorded, score
from rtmri2speech.inference.requirements import require_fit, require_synthesizer
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.parallel import run_jobs
from rtmri2speech.phonetics.formants import LOW_VOICE_CEILING, ceiling_for
from rtmri2speech.phonetics.pitch import WIDEST_RANGE, pitch_track
from rtmri2speech.phonetics.vowels import VowelFinder, textgrid_of
from rtmri2speech.version import __version__

PARTS = ".parts"
"""Folder, in the output, of what is finished of an evaluation that is still running."""

_PACKAGES = ("numpy", "scipy", "torch", "timm", "soxr", "pystoi", "praat-parselmouth", "pesq")
# Training utterances of a speaker that the vowel plane is taken from: some hundreds of vowels.
_PLANE_UTTERANCES = 60
# Below it there is no room for five formants.
_LEAST_CEILING = 1000.0
# GPU memory of a process: PyTorch's own, both networks, and what they compute of some frames at a time.
_BYTES_A_PROCESS = 3 * 2**30
# Utterances of a speaker, and seconds of each, that the voice's height is taken from.
_VOICE_UTTERANCES, _VOICE_SECONDS = 3, 20


@dataclass(frozen=True)
class Options:
    """What to evaluate, and how vowels are found.

    Attributes:
        split: which utterances.
        finder: of the vowels.
        ceiling: of the formant search, Hz, for every speaker; None for 5000 or 5500 by the speaker's voice.
        device: ``cpu`` or ``cuda``.
        workers: processes; 0 for one a core.
    """

    split: Split = "test"
    finder: VowelFinder = field(default_factory=VowelFinder)
    ceiling: float | None = None
    device: str = "cpu"
    workers: int = 0


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured.

    Attributes:
        dataset, bundle: what was evaluated on what.
        model_hash: SHA-256 of the model file.
        options: as asked for.
        scored: utterances of the split, in the dataset's order.
        learnt: training utterances with their recorded vowels.
        seen: speakers with training utterances.
        has_training: whether the dataset has a training split at all.
        ceilings: of the formant search by speaker, Hz, of those with a TextGrid; empty where Praat is not installed.
        left_out: what could not be measured, and how it can be.
        failures: utterances that could not be used, and why.
    """

    dataset: Dataset
    bundle: Bundle
    model_hash: str
    options: Options
    scored: list[Scored]
    learnt: list[Scored]
    seen: set[str]
    has_training: bool
    ceilings: dict[str, float]
    left_out: list[str]
    failures: list[tuple[Path, UserError]]

    @property
    def caveat(self) -> str | None:
        """What has to be said beside "seen" and "unseen"; None where the model was trained on this very dataset."""
        if not self.has_training:
            return (
                "The dataset has no training split: nobody counts as seen or unseen, and the floor is the mean mel "
                "that the model was trained with."
            )
        source = self.bundle.acoustic_dataset
        if source == self.dataset.fingerprint():
            return None
        told = (
            "What the model was trained on is not known"
            if source is None
            else "The model was trained on another dataset"
        )
        return f"{told}: which speakers count as seen goes by the training split of this one."


def evaluate(
    root: Path,
    model: Path,
    out: Path,
    options: Options,
    *,
    on_start: Callable[[int], None] = lambda total: None,
    on_done: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Measure a model on every utterance of a split.

    What is finished is kept in ``out/.parts`` until :func:`forget_parts`: an evaluation of the same model, data and
    options that was stopped goes on from there. An utterance that fails does not keep the others from being measured.

    Args:
        root: the dataset.
        model: a bundle with both stages.
        out: folder to write to.
        options: which split, and how.
        on_start: called with the number of utterances to work on.
        on_done: called after each.

    Raises:
        DatasetError: when the dataset is damaged, has no frames or no sound, or the split is empty.
        BundleError: when the model is damaged, holds one stage only or was made for other data.
        ConfigError: when the ceiling is impossible, or ``tier`` is found in no TextGrid.
        UserError: when nothing can be written, or every utterance fails.
    """
    dataset = Dataset(root)
    rows = dataset.of_split(options.split)
    bundle = load_bundle(model)
    require_synthesizer(bundle)
    require_fit(bundle, dataset)
    nyquist = dataset.meta.features.nyquist
    if options.ceiling is not None and not _LEAST_CEILING <= options.ceiling <= nyquist:
        raise ConfigError(
            f"--formant-ceiling {options.ceiling:g}: not between {_LEAST_CEILING:g} Hz and the Nyquist frequency "
            f"{nyquist:g} Hz.",
            f"Give at most {nyquist:g}; 5000 for men and 5500 for women are usual.",
        )
    if not any(dataset.audio_path(row).is_file() for row in rows):
        raise DatasetError(
            f"{root}: no utterance of the {options.split} split has its sound (audio.wav), which is the reference.",
            "Prepare the recordings again, with their sound: rtmri2speech prepare VIDEOS --out DIR",
        )
    check_writable(out / "metrics.json")
    speakers = {row.speaker for row in rows}
    training = [row for row in dataset.utterances if row.split == "train"]
    annotated = {row.speaker for row in rows if textgrid_of(dataset, row) is not None}
    ceilings = _ceilings(dataset, annotated, options) if find_spec("parselmouth") is not None else {}
    # For vowels alone, of speakers who shall be judged by them; not needed where the split is the training itself.
    plane = [] if not ceilings or options.split == "train" else _plane_rows(training, annotated)
    parts = _Parts(out / PARTS, bundle, hash_files([model]), dataset, options, ceilings)
    jobs = [parts.job(row, recorded_only=learn) for learn, of in ((False, rows), (True, plane)) for row in of]
    on_start(len(jobs))
    results: dict[tuple[str, bool], Scored] = {}
    failures: list[tuple[Path, UserError]] = []
    missing = []
    for job in jobs:
        kept = parts.read(job)
        if kept is None:
            missing.append(job)
        else:
            results[job.utterance.id, job.recorded_only] = kept
            on_done()
    for job, result in run_jobs(score, missing, _processes(options)):
        if isinstance(result, UserError):
            failures.append((dataset.folder(job.utterance), result))
        else:
            results[job.utterance.id, job.recorded_only] = result
            parts.write(job, result)
        on_done()
    scored = [results[row.id, False] for row in rows if (row.id, False) in results]
    if not scored:
        raise failures[0][1]
    learnt = [results[row.id, True] for row in plane if (row.id, True) in results]
    return Evaluation(
        dataset=dataset,
        bundle=bundle,
        model_hash=parts.model_hash,
        options=options,
        scored=scored,
        learnt=learnt,
        seen={row.speaker for row in training} & speakers,
        has_training=bool(training),
        ceilings=ceilings,
        left_out=_left_out(bool(annotated), any(item.vowels for item in scored)),
        failures=sorted(failures, key=lambda failure: failure[0]),
    )


def _processes(options: Options) -> int:
    """Worker processes: as many as asked for, but by default no more than the GPU has memory for."""
    if options.workers or options.device != "cuda":
        return options.workers
    free, _ = torch.cuda.mem_get_info()
    return max(1, min(os.cpu_count() or 1, free // _BYTES_A_PROCESS))


def forget_parts(out: Path) -> None:
    """Remove what was kept to go on from, once the results are written."""
    rmtree(out / PARTS, ignore_errors=True)


def installed_versions() -> dict[str, str | None]:
    """Versions of what the numbers depend on; None for what is not installed."""
    found: dict[str, str | None] = {"rtmri2speech": __version__, "python": python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


@dataclass(frozen=True)
class _Parts:
    """Results of utterances, a file each, under a name that tells everything they depend on."""

    folder: Path
    bundle: Bundle
    model_hash: str
    dataset: Dataset
    options: Options
    ceilings: dict[str, float]

    def job(self, row: Utterance, *, recorded_only: bool) -> Job:
        ceiling, options = self.ceilings.get(row.speaker), self.options
        model = Path(self.bundle.source)
        return Job(
            self.dataset.root, model, self.model_hash, row, options.device, options.finder, ceiling, recorded_only
        )

    def read(self, job: Job) -> Scored | None:
        try:
            return Scored.parse(json.loads(self._path(job).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, job: Job, scored: Scored) -> None:
        write_text(self._path(job), json.dumps({"kind": "scores", "schema": 1, **asdict(scored)}) + "\n")

    def _path(self, job: Job) -> Path:
        grid = textgrid_of(self.dataset, job.utterance)
        told: dict[str, Any] = {
            "model": job.model_hash,
            "utterance": job.utterance.sha256,
            "grid": None if grid is None else hash_files([grid]),
            "vowels": asdict(job.finder),
            "ceiling": job.ceiling,
            "recorded_only": job.recorded_only,
            "device": job.device,
            "scaler": hash_files([path]) if (path := self.dataset.root / "scaler.json").is_file() else None,
            "versions": installed_versions(),
        }
        digest = sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
        return self.folder / f"{job.utterance.id}.{digest}.json"


def _plane_rows(training: Sequence[Utterance], speakers: set[str]) -> list[Utterance]:
    """Training utterances that the speakers' vowel planes are taken from, evenly over those of each speaker."""
    of: dict[str, list[Utterance]] = defaultdict(list)
    for row in training:
        if row.speaker in speakers:
            of[row.speaker].append(row)
    chosen = []
    for rows in of.values():
        places = np.linspace(0, len(rows) - 1, min(len(rows), _PLANE_UTTERANCES)).round().astype(int)
        chosen += [rows[place] for place in places]
    return chosen


def _ceilings(dataset: Dataset, speakers: set[str], options: Options) -> dict[str, float]:
    """Ceiling of the formant search of each speaker, by the median pitch of some recorded sound."""
    if options.ceiling is not None:
        return dict.fromkeys(speakers, options.ceiling)
    features = dataset.meta.features
    found = {}
    for speaker in sorted(speakers):
        own = sorted((row for row in dataset.utterances if row.speaker == speaker), key=lambda row: -row.seconds)
        tracks = []
        for row in own[:_VOICE_UTTERANCES]:
            try:
                wave = read_recorded(dataset, row)[: _VOICE_SECONDS * features.sample_rate]
            except UserError:
                continue  # it is told of when it is measured
            highest = min(WIDEST_RANGE[1], features.nyquist)
            tracks.append(pitch_track(wave.astype(np.float64), features.sample_rate, WIDEST_RANGE[0], highest))
        voiced = np.concatenate([track[track > 0] for track in tracks]) if tracks else np.zeros(0)
        ceiling = ceiling_for(float(np.median(voiced))) if len(voiced) else LOW_VOICE_CEILING
        found[speaker] = min(ceiling, features.nyquist)
    return found


def _left_out(annotated: bool, vowels: bool) -> list[str]:
    """What cannot be measured here, and what to do about it."""
    left = []
    if find_spec("parselmouth") is None:
        left.append(
            "F0, voicing, formants, vowels: Praat is not installed. Install it: pip install 'rtmri2speech[phonetics]'"
        )
    elif not annotated:
        left.append(
            "formants and vowels: the split has no TextGrid. Put NAME.TextGrid beside the videos and prepare again."
        )
    elif not vowels:
        left.append(
            "formants and vowels: no TextGrid of the split holds a vowel. Name tier and labels: --tier, --vowels"
        )
    if find_spec("pesq") is None:
        left.append("PESQ: not installed. Install it (it needs a C compiler): pip install 'rtmri2speech[pesq]'")
    return left
