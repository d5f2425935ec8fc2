"""Evaluate a model on a split of a dataset, in parallel; an interrupted evaluation resumes where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from rtmri2speech.assets import find_model
from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance
from rtmri2speech.data.files import check_writable, hash_files
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.intelligibility.of_dataset import recognized
from rtmri2speech.evaluation.intelligibility.session import listening
from rtmri2speech.evaluation.partial_results import PartialResults
from rtmri2speech.evaluation.plan import Options, plan, require_sound, what_is_left_out
from rtmri2speech.evaluation.published import paper_of
from rtmri2speech.evaluation.results import METRICS, Evaluation, next_to
from rtmri2speech.evaluation.scores import UtteranceScores
from rtmri2speech.evaluation.scoring import Job, Source, score
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import prepared
from rtmri2speech.inference.requirements import require_fit, require_synthesizer
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.metrics.listening_models import NO_LISTENERS, Listeners
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.devices import choose_device
from rtmri2speech.models.exported.backends import Backend, choose_backend
from rtmri2speech.parallel import run_jobs
from rtmri2speech.phonetics.vowels.spans import VowelFinder
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of

Measures = Literal["usual", "all"]


def evaluate(
    model: Model | str | Path,
    dataset: Dataset | str | Path,
    out: str | Path | None = None,
    *,
    split: Split = "test",
    tier: str | None = None,
    vowels: Sequence[str] = (),
    formant_ceiling: float | None = None,
    seed: int = 0,
    device: str = "auto",
    backend: Backend = "auto",
    workers: int = 0,
    measures: Measures = "usual",
    recognizer: str | None = None,
    language: str | None = None,
    texts: str | Path | None = None,
    pronunciations: str | Path | None = None,
    protocol: str | None = None,
    listeners: Listeners = NO_LISTENERS,
    reproduce: str | None = None,
    progress: Progress = SILENT,
    shard: Shard | str | None = None,
) -> Evaluation:
    """Measure a model on every utterance of a split, with copy synthesis as ceiling and the mean mel as floor.

    An utterance that fails does not keep the others from being measured. With ``out``, what is finished is kept in
    ``out/.parts`` until the results are written there: an evaluation of the same model, data and options that was
    stopped goes on from there, also where utterances have failed.

    Args:
        model: with both stages: a model, or its file or name. Worker processes read the file, in float32.
        dataset: a prepared dataset with frames, or its folder.
        out: folder to write to; None to write nothing.
        split: which utterances.
        tier: TextGrid tier with the phones; by default one called phones, or else the first with a vowel in it.
        vowels: labels that are vowels; by default five vowels and the monophthongs of ARPAbet and IPA.
        formant_ceiling: of the search for five formants, Hz; None for 5000 or 5500 by the speaker's F0.
        seed: of the bootstrap behind the confidence intervals.
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``; of a model, its own is taken.
        backend: what computes the networks; see :func:`~rtmri2speech.inference.model.load_model`; of a model, likewise.
        workers: processes; 0 for one per core.
        measures: ``all`` adds those of :mod:`rtmri2speech.metrics.further`: F0 and formants over time, modulation
            spectra.
        recognizer: adds error rates of words, letters and phones: ``pocketsphinx``, ``faster-whisper:PATH``,
            ``vosk:PATH``, ``command:COMMAND``.
        language: two letters, for the recognizer and for counting; by default as the texts look.
        texts: what was said: a table of names and texts, or a folder of transcripts; by default the dataset's
            TextGrids, and transcripts next to the source recordings.
        pronunciations: dictionary for phones; by default the one of PocketSphinx, where it is installed.
        protocol: a paper whose figures to set next to the measured ones: ``otani2026``, ``csapo2020``, ...; takes all
            measures.
        listeners: the user's own networks, for similarity of speakers and naturalness.
        reproduce: the command line that does the same again, for the results; by default this call.
        progress: counts utterances.
        shard: measure a share of the utterances alone, such as ``3/8``, keep their scores in ``out/.parts``, and write
            no results; when all shares are done, a run without it finds the scores.

    Raises:
        DatasetError: when the dataset is damaged, has no frames or no sound, or the split is empty.
        BundleError: when the model is damaged, holds one stage only or was made for other data.
        ConfigError: when the ceiling or the seed is impossible, or ``tier`` is found in no TextGrid.
        UserError: when nothing can be written, backend or recognizer cannot be used, or every utterance fails.
    """
    bootstrap = Bootstrap(seed=seed)
    paper = None if protocol is None else paper_of(protocol)
    place = model.device.type if isinstance(model, Model) else choose_device(device).type
    finder, further = VowelFinder(tier, tuple(vowels)), measures == "all" or paper is not None
    options = Options(split, finder, formant_ceiling, place, workers, further, listeners)
    data = dataset if isinstance(dataset, Dataset) else Dataset(Path(dataset))
    rows, bundle = data.of_split(split), _bundle_of(model)
    require_synthesizer(bundle)
    require_fit(bundle, data)
    options.check_ceiling(data.meta.features.nyquist)
    require_sound(data, rows, split)
    folder, share = None if out is None else Path(out), Shard.of(shard)
    if share is not None and folder is None:
        raise ConfigError("`shard`: there is no folder to keep a share's scores in.", "Give `out`.")
    if folder is not None:
        check_writable(folder / METRICS)
    asked = {"recognizer": recognizer, "language": language, "texts": texts, "pronunciations": pronunciations}
    asked |= {"protocol": protocol, "backend": model.wanted.name if isinstance(model, Model) else backend}
    heard = listening(recognizer, language, texts, pronunciations, place)
    how = model.wanted if isinstance(model, Model) else choose_backend(backend, torch.device(place))
    used = model if isinstance(model, Model) else Model(bundle, place, wanted=how)
    ran_with = prepared(used) if used.wanted.backend != "torch" else "torch"
    file = Path(bundle.source)
    source = Source(data.root, data.fingerprint(), file, hash_files([file]), place, used.wanted, ran_with)
    todo, partial = plan(data, rows, options), PartialResults(folder, data)
    jobs = share_of(share, todo.jobs(source, options, None if heard is None else heard.recognizer))
    found, failures = _measure(jobs, partial, options.processes(), progress)
    utterances = [found[row.id, False] for row in rows if (row.id, False) in found]
    if not utterances and share is None:
        raise failures[0][1]
    evaluation = Evaluation(
        dataset=data,
        bundle=bundle,
        model_hash=source.model_hash,
        options=options,
        utterances=utterances,
        training=[found[row.id, True] for row in todo.plane if (row.id, True) in found],
        seen=todo.seen,
        ceilings=todo.ceilings,
        left_out=what_is_left_out(bool(todo.annotated), any(item.vowels for item in utterances)),
        failures=sorted(((data.folder(row), error) for row, error in failures), key=lambda failure: failure[0]),
        bootstrap=bootstrap,
        reproduce=reproduce or _call(source, options, seed, asked),
        backend=ran_with,
        backend_notes=used.backend_notes,
    )
    if share is not None:
        return evaluation
    if heard is not None:
        evaluation = replace(evaluation, intelligibility=recognized(heard, data, rows, utterances, bootstrap))
    if paper is not None:
        evaluation = replace(evaluation, comparison=next_to(paper, evaluation))
    if folder is not None:
        progress.describe("Pooling")
        evaluation.save(folder)
        if not evaluation.failures:
            partial.remove()
    return evaluation


def _measure(
    jobs: list[Job], partial: PartialResults, workers: int, progress: Progress
) -> tuple[dict[tuple[str, bool], UtteranceScores], list[tuple[Utterance, UserError]]]:
    """Scores by utterance and whether they are of the recorded sound alone; and what could not be used."""
    progress.expect(len(jobs))
    found: dict[tuple[str, bool], UtteranceScores] = {}
    failures: list[tuple[Utterance, UserError]] = []
    missing = []
    for job in jobs:
        kept = partial.read(job)
        if kept is None:
            missing.append(job)
        else:
            found[job.utterance.id, job.recorded_only] = kept
            progress.advance()
    for job, result in run_jobs(score, missing, workers):
        if isinstance(result, UserError):
            failures.append((job.utterance, result))
        else:
            found[job.utterance.id, job.recorded_only] = result
            partial.write(job, result)
        progress.advance()
    return found, failures


def _bundle_of(model: Model | str | Path) -> Bundle:
    """What a model file holds.

    Raises:
        UserError: when a model is of another precision than float32, or came from no file.
    """
    if not isinstance(model, Model):
        return load_bundle(find_model(model))
    if model.dtype != torch.float32:
        raise UserError(f"{model!r}: models are evaluated in float32.", "Load it with `dtype=float32`.")
    if not Path(model.bundle.source).is_file():
        raise UserError(f"{model!r}: came from no file, which worker processes need.", "Save it as a file first.")
    return model.bundle


def _call(source: Source, options: Options, seed: int, asked: Mapping[str, object]) -> str:
    """The call that does the same again."""
    arguments: dict[str, object] = {
        "split": options.split,
        "tier": options.finder.tier,
        "vowels": options.finder.vowels,
        "formant_ceiling": options.formant_ceiling,
        "seed": seed,
        "device": options.device,
        "measures": "all" if options.further else None,
        **{name: str(value) if isinstance(value, Path) else value for name, value in asked.items()},
    }
    given = "".join(f", {name}={value!r}" for name, value in arguments.items() if value not in (None, ()))
    if options.listeners.files:
        given += f", listeners={options.listeners.call}"
    return f"rtmri2speech.evaluate({str(source.model)!r}, {str(source.dataset)!r}{given})"
