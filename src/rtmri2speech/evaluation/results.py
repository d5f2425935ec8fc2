"""The result of an evaluation: utterances, vowels and pooled measures, as rows and as files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.files import write_text
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.errors import UserError
from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility
from rtmri2speech.evaluation.intelligibility.table import write_texts
from rtmri2speech.evaluation.output.markdown import YES_NO, markdown
from rtmri2speech.evaluation.output.metrics_file import KIND, SCHEMA, metrics_of
from rtmri2speech.evaluation.plan import Options
from rtmri2speech.evaluation.published import Comparison, Paper
from rtmri2speech.evaluation.scores import RECORDED, TRUTH, UtteranceScores
from rtmri2speech.evaluation.summary import Summary, measure_names, summarize, taken_further
from rtmri2speech.evaluation.vowel_identification import NOTHING
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.models.bundle.model_file import Bundle

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

METRICS = "metrics.json"

_SOUNDS = (RECORDED, *CONDITIONS, TRUTH)
_DIGITS = 6


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """A model measured on a split of a dataset.

    Attributes:
        dataset, bundle: what was evaluated on what.
        model_hash: SHA-256 of the model file.
        options: as asked for.
        utterances: scores of the split's utterances, in the dataset's order.
        training: training utterances with their recorded vowels.
        seen: speakers with training utterances; None where the dataset has no training split.
        ceilings: of the formant search by speaker, Hz, of those with a TextGrid; empty where Praat is not installed.
        left_out: what could not be measured, and how it can be.
        failures: utterances that could not be used, and why.
        bootstrap: how intervals are made.
        reproduce: the call or command line that does the same again.
        backend: what computed the networks.
        backend_notes: a line for each that it could not, so that PyTorch did.
        intelligibility: what a recognizer makes of the speech; None without one.
        comparison: with the figures of a paper; None where none was named.
    """

    dataset: Dataset
    bundle: Bundle
    model_hash: str
    options: Options
    utterances: list[UtteranceScores]
    training: list[UtteranceScores]
    seen: set[str] | None
    ceilings: dict[str, float]
    left_out: list[str]
    failures: list[tuple[Path, UserError]]
    bootstrap: Bootstrap
    reproduce: str
    backend: str = "torch"
    backend_notes: list[str] = field(default_factory=list)
    intelligibility: Intelligibility | None = None
    comparison: Comparison | None = None

    @cached_property
    def groups(self) -> Summary:
        """Utterances pooled over seen and unseen speakers, all of them and each."""
        n_mels = self.dataset.meta.features.n_mels
        return summarize(self.utterances, self.training, self.seen, n_mels, self.bootstrap)

    @property
    def caveat(self) -> str | None:
        """What has to be said about "seen" and "unseen"; None where the model was trained on this very dataset."""
        if self.seen is None:
            return (
                "The dataset has no training split: nobody counts as seen or unseen, and the floor is the mean mel "
                "that the model was trained with."
            )
        source = self.bundle.acoustic_dataset
        if source == self.dataset.fingerprint():
            return None
        trained = (
            "What the model was trained on is not known"
            if source is None
            else "The model was trained on another dataset"
        )
        return f"{trained}: which speakers count as seen goes by the training split of this one."

    def is_seen(self, speaker: str) -> bool | None:
        """Whether a speaker has training utterances; None where the dataset has no training split."""
        return None if self.seen is None else speaker in self.seen

    def rows(self) -> list[Row]:
        """A row per utterance: whose, whether the speaker was seen, duration, and the measures of each condition.

        Measures of the model have their plain names, those of the others are ``ceiling_...`` and ``floor_...``.
        """
        rate = float(self.dataset.meta.features.frame_rate)
        rows: list[Row] = []
        for item in self.utterances:
            about = {"id": item.id, "speaker": item.speaker, "seen": self.is_seen(item.speaker)}
            measured = {
                column: _finite(item.measures[condition].get(measure, math.nan))
                for column, condition, measure in self._measured()
            }
            rows.append({**about, "seconds": item.n_frames / rate, **measured})
        return rows

    def vowel_rows(self) -> list[Row]:
        """A row per vowel: F1 and F2 of each sound, and what it was identified as; None where there is none."""
        rows: list[Row] = []
        for one in self.groups.all.vowels:
            vowel = one.vowel
            about = {"utterance": one.utterance.id, "speaker": one.utterance.speaker, "vowel": vowel.label}
            formants = {
                f"{sound}_f{number}_hz": _finite(value)
                for sound in _SOUNDS
                for number, value in enumerate(vowel.formants.get(sound, (math.nan, math.nan)), start=1)
            }
            identified = {f"{sound}_identified": one.identified.get(sound, NOTHING) for sound in _SOUNDS[:-1]}
            rows.append({**about, "start": vowel.start, "end": vowel.end, **formants, **identified})
        return rows

    def summary(self) -> list[Row]:
        """A row per group of speakers and measure: each condition's value and the ends of its 95 % interval."""
        pooled = self.groups
        known = [group for group in (pooled.seen, pooled.unseen) if group is not None]
        return [row for group in (*known, pooled.all, *pooled.speakers.values()) for row in group.rows()]

    def save(self, out: str | Path) -> list[Path]:
        """Write ``metrics.json``, ``metrics.md``, ``utterances.csv`` and ``vowels.csv``; ``metrics.json`` last.

        With a recognizer also ``texts.csv``.

        Args:
            out: folder to write to; made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        metrics, table, utterances, vowels = evaluation_files(Path(out))
        files: tuple[Path, ...] = (metrics, table, utterances, vowels)
        columns = ["id", "speaker", "seen", "seconds", *(column for column, _, _ in self._measured())]
        write_table(utterances, columns, map(self._written, self.rows()), _DIGITS)
        write_table(vowels, _vowel_columns(), map(_written_vowel, self.vowel_rows()), _DIGITS)
        if self.intelligibility is not None:
            files = (*files, write_texts(Path(out), self.intelligibility))
        write_text(table, markdown(self))
        write_about(metrics, KIND, SCHEMA, metrics_of(self))
        return list(files)

    def show(self, group: str = "") -> Drawing:
        """The figure sheet of a group of speakers, which a notebook shows.

        Args:
            group: ``seen``, ``unseen``, ``all`` or a speaker's name; by default the first of those that there are.

        Raises:
            UserError: when there is no such group.
        """
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.evaluation.output.figures import plot_sheet

        pooled = self.groups
        groups = {one.name: one for one in (*pooled.main, pooled.all, *pooled.speakers.values())}
        if group and group not in groups:
            raise UserError(f"`group={group}`: no such group of speakers.", f"Choose from {', '.join(groups)}.")
        figure = new_drawing(7.1, 6.6)
        plot_sheet(figure, groups[group] if group else pooled.main[0], self.dataset.meta.features)
        return figure

    def _written(self, row: Row) -> Row:
        """A row of utterances.csv."""
        return {**row, "seen": YES_NO[self.is_seen(str(row["speaker"]))], "seconds": f"{row['seconds']:.3f}"}

    def _measured(self) -> list[tuple[str, str, str]]:
        """Column, condition and measure of everything that was measured of some utterance."""
        names = [*measure_names(self.dataset.meta.features.n_mels), *taken_further(self.utterances)]
        taken = [name for name in names if any(name in item.measures["model"] for item in self.utterances)]
        return [
            (name if condition == "model" else f"{condition}_{name}", condition, name)
            for condition in CONDITIONS
            for name in taken
        ]

    def __repr__(self) -> str:
        lines = [
            f"Evaluation of {Path(self.bundle.source).name} on the {self.options.split} split of "
            f"{self.dataset.root.name}: {len(self.utterances)} utterances, {len(self.failures)} failed"
        ]
        for group in self.groups.main:
            values = group.by_condition["model"].values
            shown = (f"{name} {values[name]:.3g}" for name in _SHOWN if not math.isnan(values[name]))
            lines.append(f"  {group.name} speakers ({len(group.utterances)} utterances): {', '.join(shown)}")
        return "\n".join(lines)


def next_to(paper: Paper, evaluation: Evaluation) -> Comparison:
    """An evaluation, all speakers together, next to the figures of a paper."""
    spoken = evaluation.intelligibility
    made, recorded = (
        {} if spoken is None else {name: spoken.value(sound, name) for name in spoken.measures}
        for sound in (CONDITIONS[0], RECORDED)
    )
    data = evaluation.dataset
    about = f"{len(evaluation.utterances)} utterances of {data.root.resolve().name} ({data.meta.corpus})"
    found = {**evaluation.groups.all.by_condition[CONDITIONS[0]].values, **made}
    return Comparison(paper, found, recorded, None if spoken is None else spoken.recognizer.name, about)


def evaluation_files(out: Path) -> tuple[Path, Path, Path, Path]:
    """What :meth:`Evaluation.save` writes: measures, their tables, utterances and vowels."""
    return out / METRICS, out / "metrics.md", out / "utterances.csv", out / "vowels.csv"


_SHOWN = ("mel_mae_db", "mcd_db", "stoi", "pesq_wb", "f0_rmse_cents", "f1_error_median_hz", "vowel_identification")


def _written_vowel(row: Row) -> Row:
    """A row of vowels.csv."""
    return {**row, "start": f"{row['start']:.4f}", "end": f"{row['end']:.4f}"}


def _vowel_columns() -> list[str]:
    formants = [f"{sound}_f{number}_hz" for sound in _SOUNDS for number in (1, 2)]
    identified = [f"{sound}_identified" for sound in _SOUNDS[:-1]]
    return ["utterance", "speaker", "vowel", "start", "end", *formants, *identified]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
