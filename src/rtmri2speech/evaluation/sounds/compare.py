"""Compare two folders of sound: recordings, and what any system made from the same utterances."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.data.files import check_writable
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Recognized
from rtmri2speech.evaluation.intelligibility.session import Listening, listening
from rtmri2speech.evaluation.published import paper_of
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.evaluation.sounds.notes import notes_on
from rtmri2speech.evaluation.sounds.pairs import Pair, Pairs, common_rate, pair_sounds
from rtmri2speech.evaluation.sounds.results import METRICS, SoundEvaluation
from rtmri2speech.evaluation.sounds.scoring import GENERATED, SoundJob, SoundScores, score_pair
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.metrics.listening_models import NO_LISTENERS, Listeners
from rtmri2speech.metrics.waveform import pesq_available
from rtmri2speech.models.devices import choose_device
from rtmri2speech.parallel import run_jobs
from rtmri2speech.phonetics import praat
from rtmri2speech.progress import SILENT, Progress

# Hz; below it STOI and formants have no room.
_LOWEST_RATE = 6000
# The floor is a mean over files that say other things: some are enough, and it doubles the work.
_FLOOR_FILES = 40


def evaluate_sounds(
    reference: str | Path,
    generated: str | Path,
    out: str | Path | None = None,
    *,
    texts: str | Path | None = None,
    recognizer: str | None = None,
    language: str | None = None,
    pronunciations: str | Path | None = None,
    listeners: Listeners = NO_LISTENERS,
    sample_rate: int | None = None,
    protocol: str | None = None,
    seed: int = 0,
    device: str = "auto",
    workers: int = 0,
    progress: Progress = SILENT,
) -> SoundEvaluation:
    """Measure the sounds of one folder against the recordings of the same names in another.

    Both are compared as mono at the lowest sampling rate of all files. A file that fails does not keep the others from
    being measured.

    Args:
        reference: folder of recordings.
        generated: folder of the sounds to measure.
        out: folder to write to; None to write nothing.
        texts: what was said: a table of names and texts, or a folder of ``NAME.txt``, ``.lab`` or ``.TextGrid``; by
            default such files next to the recordings.
        recognizer: ``pocketsphinx``, ``faster-whisper:PATH``, ``vosk:PATH``, ``command:COMMAND``; None for none.
        language: two letters, for recognizers of several languages and for counting (``ja``: kana and morae); by
            default as the texts look.
        pronunciations: dictionary for phones; by default the one of PocketSphinx, where it is installed.
        listeners: the user's own networks, for similarity of speakers and naturalness.
        sample_rate: Hz, at most that of every file; by default the lowest of all.
        protocol: a paper whose figures to set next to the measured ones: ``otani2026``, ``csapo2020``, ...
        seed: of the bootstrap behind the confidence intervals.
        device: where the network of a recognizer runs: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        workers: processes; 0 for one per core.
        progress: counts files.

    Raises:
        MediaError: when a folder has no sound, or no name is in both.
        ConfigError: when an option has an impossible value.
        UserError: when a recognizer or network cannot be opened, nothing can be written, or every file fails.
    """
    bootstrap = Bootstrap(seed=seed)
    paper = None if protocol is None else paper_of(protocol)
    if out is not None:
        check_writable(Path(out) / METRICS)
    folders = Path(reference), Path(generated)
    pairs = pair_sounds(*folders)
    place = "cpu" if recognizer is None else choose_device(device).type
    heard = listening(recognizer, language, texts, pronunciations, place)
    lowest, notes = common_rate(pairs.pairs)
    rate = _rate(sample_rate, lowest)
    jobs = [
        SoundJob(pair, other, rate, heard.recognizer if heard else None, listeners)
        for pair, other in zip(pairs.pairs, _others(pairs.pairs), strict=True)
    ]
    scores, failures = _measure(jobs, workers, progress)
    spoken = None if heard is None else _intelligibility(heard, pairs, scores, bootstrap)
    notes = [*pairs.notes, *notes, *notes_on(scores), *(spoken.notes if spoken else []), *_left_out()]
    models = {name: path.name for name, path in listeners.files.items()}
    found = SoundEvaluation(folders, pairs, rate, scores, failures, notes, models, spoken, None, bootstrap)
    if paper is not None:
        found = found.next_to(paper)
    if out is not None:
        found.save(out)
    return found


def _rate(asked: int | None, lowest: int) -> int:
    rate = lowest if asked is None else asked
    if not _LOWEST_RATE <= rate <= lowest:
        raise ConfigError(
            f"`sample_rate={rate}`: not between {_LOWEST_RATE} and {lowest} Hz, the lowest rate of all files.",
            f"Give at most {lowest}." if lowest >= _LOWEST_RATE else "Give sounds with more samples per second.",
        )
    return rate


def _others(pairs: list[Pair]) -> list[Path | None]:
    """The next made sound of each, for the floor; of many files, for some of them evenly."""
    if len(pairs) == 1:
        return [None]
    chosen = set(np.linspace(0, len(pairs) - 1, min(len(pairs), _FLOOR_FILES)).round().astype(int).tolist())
    return [pairs[(index + 1) % len(pairs)].made if index in chosen else None for index in range(len(pairs))]


def _measure(
    jobs: list[SoundJob], workers: int, progress: Progress
) -> tuple[list[SoundScores], list[tuple[Path, UserError]]]:
    progress.expect(len(jobs))
    found: dict[str, SoundScores] = {}
    failures: list[tuple[Path, UserError]] = []
    for job, result in run_jobs(score_pair, jobs, workers):
        if isinstance(result, UserError):
            failures.append((job.pair.made, result))
        else:
            found[job.pair.name] = result
        progress.advance()
    if not found:
        raise failures[0][1]
    return [found[job.pair.name] for job in jobs if job.pair.name in found], sorted(failures, key=lambda one: one[0])


def _intelligibility(
    heard: Listening, pairs: Pairs, scores: list[SoundScores], bootstrap: Bootstrap
) -> Intelligibility:
    stems = {pair.name: pair.reference.with_suffix("") for pair in pairs.pairs}
    utterances = [
        Recognized(
            one.name,
            heard.truth([one.name], [stems[one.name]]),
            {RECORDED: one.texts[RECORDED], GENERATED: one.texts[GENERATED]},
        )
        for one in scores
    ]
    return Intelligibility(heard.recognizer, utterances, GENERATED, heard.pronunciations, bootstrap)


def _left_out() -> list[str]:
    left = []
    if not praat.available():
        left.append(f"left out: F0, voicing, formants: Praat is not installed. {praat.INSTALL}")
    if not pesq_available():
        left.append(
            "left out: PESQ: not installed. Install it (it needs a C compiler): pip install 'rtmri2speech[pesq]'"
        )
    return left
