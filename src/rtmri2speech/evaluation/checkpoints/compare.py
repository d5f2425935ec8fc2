"""Checkpoints of a vocoder compared: each makes the same speech again, and is measured against the recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch

from rtmri2speech.assets import find_model
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import BundleError, ConfigError, UserError
from rtmri2speech.evaluation.checkpoints.hifigan_folder import HifiganFolder, generators
from rtmri2speech.evaluation.checkpoints.load import VocoderCheckpoint, VocoderRun
from rtmri2speech.evaluation.checkpoints.ranking import best_first, columns_of, require_measurable
from rtmri2speech.evaluation.checkpoints.references import Reference, VideoReader, from_dataset
from rtmri2speech.evaluation.checkpoints.score import DIGITS, CheckpointScore, score_checkpoint
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import load_bundle, save_bundle
from rtmri2speech.models.devices import choose_device
from rtmri2speech.preparation.align import MismatchPolicy
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate

TABLE = "comparison.csv"
RECORDED = "recorded"
BEST = "vocoder.safetensors"

_FINE_TUNED = (
    "this vocoder was fine-tuned on predicted mels and is given those of the recorded sound; `model=ACOUSTIC` gives it "
    "predictions."
)


_FEW = (
    "the run has kept no checkpoints besides the best and the last; the setting vocoder.keep_every=N of train vocoder "
    "keeps those of every Nth validation."
)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Checkpoints in order.

    Attributes:
        scores: of the checkpoints, best first; none where no speech could be used.
        out: folder with their speech.
        n_utterances: how many each has made.
        failures: checkpoints and recordings that could not be used, and why.
        notes: remarks.
    """

    scores: list[CheckpointScore]
    out: Path
    n_utterances: int
    failures: list[tuple[Path, UserError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> Path:
        """The table that :meth:`save` writes."""
        return self.out / TABLE

    @property
    def best(self) -> Path:
        """The model file that :meth:`save` writes."""
        return self.out / BEST

    def rows(self) -> list[Row]:
        """A row per checkpoint, best first: name, step, mean rank, and the mean of each measure; None where unknown."""
        names = columns_of(self.scores)
        rows: list[Row] = []
        for one in self.scores:
            about: Row = {"checkpoint": one.checkpoint.name, "step": one.checkpoint.step, "mean_rank": one.rank}
            known = {name: value for name, value in one.measures.items() if not math.isnan(value)}
            rows.append({**about, **{name: known.get(name) for name in names}})
        return rows

    def save(self) -> list[Path]:
        """Write :meth:`rows` to ``comparison.csv`` and the best checkpoint as a model to ``vocoder.safetensors``.

        Raises:
            UserError: when a file cannot be written.
        """
        write_table(self.table, ["checkpoint", "step", "mean_rank", *columns_of(self.scores)], self.rows(), DIGITS)
        best = self.scores[0]
        provenance = {
            **best.checkpoint.bundle.provenance,
            "metrics": {name: value for name, value in best.measures.items() if not math.isnan(value)},
            "best_of": [one.checkpoint.name for one in self.scores],
        }
        save_bundle(replace(best.checkpoint.bundle, provenance=provenance), self.best)
        return [self.table, self.best]

    def __repr__(self) -> str:
        order = ", ".join(f"{one.checkpoint.name} ({one.rank:.2f})" for one in self.scores)
        return f"Comparison({self.n_utterances} utterances, best first: {order or 'none'}; {len(self.failures)} failed)"


def compare_checkpoints(
    run: str | Path,
    *,
    videos: Sequence[Path] = (),
    dataset: str | Path | None = None,
    split: Literal["validation", "test"] = "validation",
    model: str | Path | None = None,
    out: str | Path | None = None,
    by: str = "rank",
    audio_dir: Path | None = None,
    pairs: Path | None = None,
    sync_offset: float = 0.0,
    on_mismatch: MismatchPolicy = "refuse",
    fps: FrameRate | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Comparison:
    """Find the best checkpoint of a training run of a vocoder.

    Args:
        run: run folder of the training, or a folder of ``g_*`` of the released HiFi-GAN code with their JSON.
        videos: videos, or folders with videos, with their sound.
        dataset: instead of videos, a prepared dataset.
        split: which utterances of the dataset.
        model: a model with an acoustic stage, whose predictions the vocoder is given; without it, the mels of the
            recorded sound.
        out: folder to write to; by default next to ``run``, with _compared at its end.
        by: what decides the order, as in :func:`~rtmri2speech.evaluation.checkpoints.ranking.best_first`.
        audio_dir, pairs, sync_offset: sound of the videos, as in :class:`rtmri2speech.corpora.folder.FolderCorpus`.
        on_mismatch: what to do when sound and video end apart: ``refuse``, or ``trim`` to what both have.
        fps: true frame rate of the videos, where the files' is known to be wrong.
        device: where to run.
        progress: counts frames.

    Raises:
        ConfigError: when both videos and a dataset are given, or neither, ``fps`` is not a frame rate, or a
            measure's package is not installed.
        UserError: when the run folder cannot be used, nothing can be written, or all checkpoints fail.
    """
    of_videos = {
        "audio_dir": audio_dir is not None,
        "sync_offset": sync_offset != 0.0,
        "on_mismatch": on_mismatch != "refuse",
        "fps": fps is not None,
    }
    _require_one_source(bool(videos) or pairs is not None, dataset, [name for name, used in of_videos.items() if used])
    require_measurable(by)
    rate = frame_rate(fps)
    training, place = _open(Path(run)), choose_device(device)
    acoustic = None if model is None else load_bundle(find_model(model))
    opened = None if dataset is None else Dataset(Path(dataset))
    given = [] if opened is None else [(opened.meta.features, opened.root)]
    given += [] if acoustic is None else [(acoustic.features, Path(acoustic.source))]
    features = training.definition(given)
    checkpoints, failures = training.load_all(features)
    if opened is not None:
        speech, unusable = from_dataset(opened, split, None if acoustic is None else Path(acoustic.source), place)
    else:
        corpus = FolderCorpus(tuple(videos), audio_dir, pairs=pairs, sync_offset=sync_offset)
        predictor = None if acoustic is None else Model(acoustic, place)
        speech, unusable = VideoReader(features, predictor, rate, on_mismatch).read_all(corpus.recordings())
    folder = Path(out) if out is not None else training.path.with_name(f"{training.path.name}_compared")
    notes = [_FINE_TUNED] if speech and training.mels is not None and model is None else []
    notes += [_FEW] if _kept_none(training) else []
    failures += unusable
    if not speech:
        return Comparison([], folder, 0, failures, notes)
    compared = compare(checkpoints, speech, folder, by=by, device=place, progress=progress)
    return replace(compared, failures=[*failures, *compared.failures], notes=notes)


def _open(run: Path) -> VocoderRun:
    return HifiganFolder(run) if generators(run) else VocoderRun(run)


def _kept_none(training: VocoderRun) -> bool:
    return {path.stem for path in training.checkpoints} <= {"best", "last", "previous"}


def _require_one_source(videos: bool, dataset: str | Path | None, of_videos: list[str]) -> None:
    if videos == (dataset is not None):
        raise ConfigError(
            "Both videos and `dataset` are given." if videos else "There is nothing to synthesize.",
            "Give either `videos=VIDEO` ... or `dataset=DATASET`.",
        )
    if dataset is not None and of_videos:
        names = ", ".join(f"`{name}`" for name in of_videos)
        raise ConfigError(f"{names}: only of use with `videos`.", "Leave it out.")


def compare(
    checkpoints: Sequence[VocoderCheckpoint],
    speech: Sequence[Reference],
    out: Path,
    *,
    by: str = "rank",
    device: torch.device | str = "cpu",
    progress: Progress = SILENT,
) -> Comparison:
    """Let every checkpoint make the same speech, each in a folder of its name, and write one table, best first.

    The recorded speech is put into the folder ``recorded`` next to them, the best checkpoint into
    ``vocoder.safetensors``. A checkpoint that fails does not keep the others from being compared.

    Args:
        checkpoints: at least one.
        speech: what to make, at least one utterance.
        out: folder to write to.
        by: as in :func:`~rtmri2speech.evaluation.checkpoints.ranking.best_first`.
        device: where the vocoders run.
        progress: counts frames.

    Raises:
        UserError: when nothing can be written, or all checkpoints fail.
    """
    progress.expect(len(checkpoints) * sum(len(item.mel_db) for item in speech))
    for item in speech:
        write_wav(out / RECORDED / f"{item.name}.wav", item.wave, checkpoints[0].bundle.features.sample_rate)
    scores: list[CheckpointScore] = []
    failures: list[tuple[Path, UserError]] = []
    for checkpoint in checkpoints:
        try:
            scores.append(score_checkpoint(checkpoint, speech, out / checkpoint.name, device, progress))
        except BundleError as error:
            failures.append((Path(checkpoint.bundle.source), error))
    if not scores:
        raise failures[0][1]
    comparison = Comparison(best_first(scores, by), out, len(speech), failures)
    comparison.save()
    return comparison
