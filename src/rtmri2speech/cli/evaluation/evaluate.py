"""``rtmri2speech evaluate``."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions, note_share
from rtmri2speech.cli.console import Backend, Device, Many, ModelFile, Workers, progress, report_failures
from rtmri2speech.cli.evaluation.tables import print_groups, print_listening
from rtmri2speech.cli.evaluation.wavs import evaluate_wavs, nothing_to_evaluate, refuse_mixture
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.evaluation.results import Evaluation

Folders = Annotated[tuple[Path, Path] | None, Parameter(negative="")]


def evaluate(
    dataset: Path | None = None,
    model: ModelFile | None = None,
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    wavs: Folders = None,
    split: Literal["train", "validation", "test"] = "test",
    tier: str | None = None,
    vowels: Annotated[list[str] | None, Many] = None,
    formant_ceiling: float | None = None,
    measures: Literal["usual", "all"] = "usual",
    recognizer: str | None = None,
    texts: Path | None = None,
    language: str | None = None,
    pronunciations: Path | None = None,
    speaker_model: Path | None = None,
    quality_model: Path | None = None,
    listening_rate: int = 16_000,
    protocol: str | None = None,
    sample_rate: int | None = None,
    seed: int = 0,
    device: Device = "auto",
    backend: Backend = "auto",
    workers: Workers = 0,
    cluster: ClusterOptions = HERE,
) -> int:
    """Measure a model on a dataset, or any system's sounds, with floor and ceiling.

    Makes the speech of every utterance of the split and measures it against the recording: mel spectrogram, cepstrum,
    intelligibility, quality, pitch, and the formants of vowels where the dataset has TextGrids, compared with copy
    synthesis (ceiling) and the mean mel spectrogram (floor). Writes OUT/metrics.json, metrics.md, utterances.csv,
    vowels.csv, and for seen and unseen speakers figure_*.pdf and figure_*.png.

    With --wavs RECORDED GENERATED no model is needed: the sounds of the second folder are measured against the
    recordings of the same names in the first. Writes OUT/metrics.json and sounds.csv.

    With --recognizer also OUT/texts.csv, and error rates of words, letters and phones, with those of the recorded sound
    (ceiling) and of texts that do not belong (floor).

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    model
        The model file from bundle, or phantom for the one that comes with the program.
    out
        Folder to write to.
    wavs
        Two folders: recordings, and the sounds of any system that are named like them.
    split
        Which utterances.
    tier
        TextGrid tier with the phones; by default one called phones, or else the first with a vowel in it.
    vowels
        Labels of the vowels: --vowels a i u e o; by default five vowels and the monophthongs of ARPAbet and IPA.
    formant_ceiling
        Ceiling of the search for five formants in Hz; by default 5000 or 5500 by the speaker's F0.
    measures
        With all, also correlations of F0 and formants over time and modulation spectra; --wavs always takes all.
    recognizer
        phones (comes with the program: five vowels and ten consonants, without words), pocketsphinx or
        pocketsphinx-phones (English; extra intelligibility), faster-whisper:PATH or vosk:PATH (folder of a model),
        command:"COMMAND" or command-phones:"COMMAND" (prints what it recognizes in a wav file).
    texts
        What was said: a table of names and texts, or a folder of NAME.txt, NAME.lab or NAME.TextGrid; by default such
        files next to the recordings, and TextGrids of the dataset.
    language
        Of the texts, for the recognizer and for counting (ja: kana and morae): two letters; by default as the texts
        look.
    pronunciations
        Dictionary for phones (a word per line, then its phones); by default CMU's, with the extra intelligibility.
    speaker_model
        A network that gives embeddings of speakers (TorchScript or ONNX, wave of shape (1, N)): similarity of speakers.
    quality_model
        A network that rates naturalness, of the same form.
    listening_rate
        Samples per second that these networks take.
    protocol
        A paper whose figures to print next to the measured ones, with what differs: otani2026, otani2023, csapo2020,
        mri2speech2025.
    sample_rate
        Hz at which --wavs compares; by default the lowest of all files.
    seed
        Seed of the bootstrap behind the confidence intervals.
    device
        Where the networks run; auto takes a GPU if there is one.
    cluster
        More than one machine; not for --wavs.
    """
    from rtmri2speech.metrics.listening_models import Listeners

    of_model: dict[str, Any] = {
        "dataset": dataset,
        "model": model,
        "tier": tier,
        "vowels": vowels,
        "formant_ceiling": formant_ceiling,
    }
    of_model |= {"backend": None if backend == "auto" else backend}
    of_model |= {"scheduler": cluster.scheduler, "slurm": cluster.slurm or None, "shard": cluster.shard}
    refuse_mixture(wavs, of_model, {"sample_rate": sample_rate})
    asked: dict[str, Any] = {"recognizer": recognizer, "texts": texts, "language": language}
    asked |= {"pronunciations": pronunciations, "protocol": protocol}
    common: dict[str, Any] = {"seed": seed, "device": device, "workers": workers}
    listeners = Listeners.of(speaker_model, quality_model, listening_rate)
    if wavs is not None:
        return evaluate_wavs(wavs, out, {**asked, **common, "sample_rate": sample_rate, "listeners": listeners})
    if dataset is None or model is None:
        raise nothing_to_evaluate()
    common |= {"backend": backend}
    networks = {"speaker_model": speaker_model, "quality_model": quality_model}
    given: dict[str, object] = {"out": out, "split": split, "tier": tier, "vowels": vowels}
    given |= {"formant_ceiling": formant_ceiling, **common, **asked, **networks}
    given |= {"measures": None if measures == "usual" else measures}
    given |= {"listening_rate": listening_rate} if listeners.files else {}
    options = {"split": split, "tier": tier, "vowels": vowels or (), "formant_ceiling": formant_ceiling, **common}
    options |= {**asked, "measures": measures, "listeners": listeners}
    options |= {"reproduce": _command_line(dataset, model, given)}
    return _evaluate_model(dataset, model, out, options, cluster)


def _evaluate_model(dataset: Path, model: Path, out: Path, options: Mapping[str, Any], cluster: ClusterOptions) -> int:
    from rtmri2speech.evaluation.intelligibility.table import TEXTS
    from rtmri2speech.evaluation.protocol import evaluate as measure
    from rtmri2speech.evaluation.results import evaluation_files
    from rtmri2speech.reporting.figures.evaluation import draw_sheets

    with progress("Evaluating", "utterances") as bar, cluster.engine(options["workers"]):
        found = measure(model, dataset, out, **options, progress=bar, shard=cluster.share())
        if cluster.shard is None:
            bar.describe("Drawing")
            figures = draw_sheets(out, found)
    if cluster.shard is not None:
        print(f"{out}: share {cluster.shard}, {len(found.utterances)} utterance(s) of the split measured")
        note_share(cluster.share())
        return report_failures(found.failures)
    _print_notes(found)
    print_groups(found.groups)
    print_listening(found.intelligibility, found.comparison)
    texts = [] if found.intelligibility is None else [out / TEXTS]
    for path in (*evaluation_files(out), *texts, *figures):
        print(path)
    return report_failures(found.failures)


def _command_line(dataset: Path, model: Path, options: Mapping[str, object]) -> str:
    """The command line that does the same again, as this system's shell reads it."""
    words = ["rtmri2speech", "evaluate", str(dataset), str(model)]
    for name, value in options.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", *(map(str, value) if isinstance(value, list) else [str(value)])]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _print_notes(found: Evaluation) -> None:
    print_notes(f"left out: {line}" for line in found.left_out)
    print_notes(found.backend_notes)
    if found.backend != "torch":
        print_notes([f"the networks ran with {found.backend}"])
    if found.intelligibility is not None:
        print_notes(found.intelligibility.notes)
    if found.caveat:
        print_notes([found.caveat[0].lower() + found.caveat[1:]])
