"""Finished utterances of an evaluation that is still running, so that it goes on from there when it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from shutil import rmtree
from typing import Any

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.files import hash_files, read_object
from rtmri2speech.data.provenance import write_about
from rtmri2speech.evaluation.scores import UtteranceScores
from rtmri2speech.evaluation.scoring import Job
from rtmri2speech.phonetics.vowels.spans import textgrid_of
from rtmri2speech.version import __version__

_FOLDER = ".parts"
_PACKAGES = ("numpy", "scipy", "torch", "timm", "soxr", "pystoi", "praat-parselmouth", "pesq")


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
class PartialResults:
    """Scores in ``<out>/.parts``, a file per utterance, under a name that depends on everything they depend on.

    Attributes:
        out: folder of the evaluation; None to keep nothing.
        dataset: what is evaluated.
    """

    out: Path | None
    dataset: Dataset

    def read(self, job: Job) -> UtteranceScores | None:
        """Scores of an earlier run of the same job, if there are any."""
        path = self._path(job)
        stored = None if path is None else read_object(path)
        try:
            return None if stored is None else UtteranceScores.parse(stored)
        except (KeyError, TypeError, IndexError):
            return None

    def write(self, job: Job, scores: UtteranceScores) -> None:
        """Keep the scores of a job.

        Raises:
            UserError: when they cannot be written.
        """
        path = self._path(job)
        if path is not None:
            write_about(path, "scores", 1, asdict(scores))

    def remove(self) -> None:
        """Remove what was kept, once the results are written."""
        if self.out is not None:
            rmtree(self.out / _FOLDER, ignore_errors=True)

    @cached_property
    def _same_for_all(self) -> dict[str, Any]:
        scaler = self.dataset.root / "scaler.json"
        return {"scaler": hash_files([scaler]) if scaler.is_file() else None, "versions": installed_versions()}

    @cached_property
    def _hash_of_network(self) -> Callable[[Path], str]:
        """A network may be a gigabyte, and is the same for every job."""
        return cache(lambda path: hash_files([path]))

    def _path(self, job: Job) -> Path | None:
        if self.out is None:
            return None
        grid = textgrid_of(self.dataset, job.utterance)
        about: dict[str, Any] = {
            "model": job.source.model_hash,
            "utterance": job.utterance.sha256,
            "grid": None if grid is None else hash_files([grid]),
            "vowels": asdict(job.finder),
            "ceiling": job.ceiling,
            "recorded_only": job.recorded_only,
            "device": job.source.device,
            **({"further": True} if job.further else {}),
            **{name: self._hash_of_network(path) for name, path in job.listeners.files.items()},
            **({} if job.recognizer is None else {"recognizer": asdict(job.recognizer)}),
            **self._same_for_all,
        }
        if job.source.backend != "torch":
            about["backend"] = job.source.backend
        digest = sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:12]
        return self.out / _FOLDER / f"{job.utterance.id}.{digest}.json"
