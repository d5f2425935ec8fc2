"""``rtmri2speech evaluate``."""

from __future__ import annotations

import math
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Backend, Device, Many, ModelFile, Workers, progress, report_failures
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.evaluation.results import Evaluation
    from rtmri2speech.evaluation.summary import Summary


def evaluate(
    dataset: Path,
    model: ModelFile,
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    split: Literal["train", "validation", "test"] = "test",
    tier: str | None = None,
    vowels: Annotated[list[str] | None, Many] = None,
    formant_ceiling: float | None = None,
    seed: int = 0,
    device: Device = "auto",
    backend: Backend = "auto",
    workers: Workers = 0,
) -> int:
    """Measure a model on a dataset, with floor and ceiling.

    Makes the speech of every utterance of the split and measures it against the recording: mel spectrogram, cepstrum,
    intelligibility, quality, pitch, and the formants of vowels where the dataset has TextGrids, compared with copy
    synthesis (ceiling) and the mean mel spectrogram (floor). Writes OUT/metrics.json, metrics.md, utterances.csv,
    vowels.csv, and for seen and unseen speakers figure_*.pdf and figure_*.png.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    model
        The model file from bundle, or phantom for the one that comes with the program.
    out
        Folder to write to.
    split
        Which utterances.
    tier
        TextGrid tier with the phones; by default one called phones, or else the first with a vowel in it.
    vowels
        Labels of the vowels: --vowels a i u e o; by default five vowels and the monophthongs of ARPAbet and IPA.
    formant_ceiling
        Ceiling of the search for five formants in Hz; by default 5000 or 5500 by the speaker's F0.
    seed
        Seed of the bootstrap behind the confidence intervals.
    device
        Where the networks run; auto takes a GPU if there is one.
    """
    from rtmri2speech.evaluation.protocol import evaluate as measure
    from rtmri2speech.evaluation.results import evaluation_files
    from rtmri2speech.reporting.figures.evaluation import draw_sheets

    given: dict[str, Any] = {"out": out, "split": split, "tier": tier, "vowels": vowels}
    given |= {"formant_ceiling": formant_ceiling, "seed": seed, "device": device}
    given |= {"backend": backend, "workers": workers}
    again = _command_line(dataset, model, given)
    with progress("Evaluating", "utterances") as bar:
        found = measure(model, dataset, **{**given, "vowels": vowels or ()}, reproduce=again, progress=bar)
        bar.describe("Drawing")
        figures = draw_sheets(out, found)
    _print_notes(found)
    _print_table(found.groups)
    for path in (*evaluation_files(out), *figures):
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
    if found.caveat:
        print_notes([found.caveat[0].lower() + found.caveat[1:]])


def _print_table(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rtmri2speech.evaluation.conditions import CONDITIONS
    from rtmri2speech.evaluation.summary import OF_VOWELS

    # A terminal has room for what is asked most; the files have the rest.
    names = ["mel_mae_db", "mcd_db", "stoi", "estoi", "pesq_wb", "f0_rmse_hz", "f0_rmse_cents", "vuv_error", *OF_VOWELS]
    for group in summary.main:
        table = Table(title=Text(f"{group.name} speakers, {len(group.utterances)} utterance(s)"))
        table.add_column("measure", no_wrap=True)
        for condition in CONDITIONS:
            table.add_column(condition, justify="right")
        for name in names:
            values = [group.by_condition[condition].values[name] for condition in CONDITIONS]
            if not all(math.isnan(value) for value in values):
                cells = ("" if math.isnan(v) else f"{v:.3f}" if abs(v) < 10 else f"{v:.1f}" for v in values)
                table.add_row(name, *cells)
        Console().print(table)
